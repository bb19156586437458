# fish completion of dnsguard
set -l staging arm disarm split unsplit
set -l moving probe rotate retire
set -l writing apply $staging $moving
set -l planning plan $writing
set -l looking check spf dmarc reports triage

complete -c dnsguard -f
for row in 'init	write a first zone.yaml from the zone as it is' \
	'plan	show what would change, why, and at what cost' \
	'apply	make the zone what the policy says, and prove it' \
	'verify	compare the policy with what every name server says now' \
	'arm	get a name ready for its split' \
	'disarm	put the TTLs up again' \
	'split	move mail from a name to its subdomain' \
	'unsplit	move mail back' \
	'probe	let a sink take what still comes' \
	'rotate	move mail on to the next subdomain' \
	'retire	give up the subdomains before' \
	'watch	watch for backscatter, and guard the mail names' \
	'status	show the mail names that are watched' \
	'approve	say yes to what the guard proposes' \
	'stop	hold a mail name, or everything, as it is' \
	'release	let the guard go on' \
	'abused	say that something of ours sends the mail' \
	'restore	put back the records that a change replaced' \
	'log	show the journal' \
	'backtest	what the guard would have done with old mail logs' \
	'reports	who sends in a name of the domain, by DMARC reports' \
	'triage	what happened, by the bounces in a mailbox' \
	'incident	the record of an episode' \
	'check	can a domain be forged, why, and what to publish' \
	'spf	evaluate SPF, or show what a record costs' \
	'dmarc	which DMARC policy is in force' \
	'audit	check many domains, one a line' \
	'sensor	tell a controller what a mail server sees' \
	'serve	the HTTP API that a registrar calls' \
	'letters	read messages for the other commands' \
	'import	write a first zone.yaml from what another tool keeps' \
	'export	what the policy wants, in the words of another tool' \
	'providers	list where zones can be kept' \
	'provider	try what an account really takes' \
	'schema	print the JSON Schema of zone.yaml' \
	'version	print the version' \
	'help	explain a command'
	set -l pair (string split \t $row)
	complete -c dnsguard -n __fish_use_subcommand -a $pair[1] -d $pair[2]
end
complete -c dnsguard -n "__fish_seen_subcommand_from $planning verify restore init check audit reports triage incident" -F
complete -c dnsguard -l state -x -a '(__fish_complete_directories)' -d 'folder of the journal'
complete -c dnsguard -l no-color -d 'no colours'
complete -c dnsguard -s h -l help -d 'what a command does and takes'
complete -c dnsguard -l version -d 'print the version'
complete -c dnsguard -n "__fish_seen_subcommand_from $planning $looking watch status approve stop release abused verify restore log backtest providers provider" -s j -l json -d 'JSON lines'
complete -c dnsguard -n "__fish_seen_subcommand_from $planning $looking verify log" -s v -l verbose -d 'show everything'
complete -c dnsguard -n "__fish_seen_subcommand_from $planning" -l diff -d 'unified diff of zone file lines'
complete -c dnsguard -n "__fish_seen_subcommand_from $planning" -l force -d 'go past the limits of one run'
complete -c dnsguard -n "__fish_seen_subcommand_from $planning restore" -l adopt -d 'take over what stands there'
complete -c dnsguard -n "__fish_seen_subcommand_from $writing restore" -s y -l yes -d 'do not ask'
complete -c dnsguard -n "__fish_seen_subcommand_from $writing" -l plan -x -d 'only the plan with this digest'
complete -c dnsguard -n "__fish_seen_subcommand_from $writing verify" -l wait -d 'until name servers and caches agree'
complete -c dnsguard -n "__fish_seen_subcommand_from $writing verify restore" -l timeout -x -d 'for name servers, seconds'
complete -c dnsguard -n "__fish_seen_subcommand_from $staging" -l now -d 'do not wait for caches'
complete -c dnsguard -n "__fish_seen_subcommand_from $staging $moving" -l dry-run -d 'show what would be done, and end'
complete -c dnsguard -n '__fish_seen_subcommand_from arm split probe rotate retire watch' -l no-smtp -d 'do not ask mail servers'
complete -c dnsguard -n '__fish_seen_subcommand_from arm split rotate retire' -l local -x -d 'local parts to ask for'
complete -c dnsguard -n '__fish_seen_subcommand_from abused' -l why -x -d 'by what it is known'
complete -c dnsguard -n '__fish_seen_subcommand_from status' -l live -d 'go on showing it'
complete -c dnsguard -n '__fish_seen_subcommand_from watch' -F
complete -c dnsguard -n '__fish_seen_subcommand_from restore' -l offline -d 'only print the old records'
complete -c dnsguard -n '__fish_seen_subcommand_from restore' -s f -l file -r -d 'policy file'
complete -c dnsguard -n '__fish_seen_subcommand_from sensor' -a 'log milter opensmtpd'
complete -c dnsguard -n '__fish_seen_subcommand_from sensor' -s f -l file -r -d 'log of the mail server'
complete -c dnsguard -n '__fish_seen_subcommand_from sensor' -l to -r -d 'the controller'
complete -c dnsguard -n '__fish_seen_subcommand_from sensor' -l key-file -r -d 'shared secret'
complete -c dnsguard -n '__fish_seen_subcommand_from sensor' -l socket -r -d 'of the milter'
complete -c dnsguard -n '__fish_seen_subcommand_from sensor' -l name -r -d 'of this sensor'
complete -c dnsguard -n '__fish_seen_subcommand_from incident' -a 'open add list show note run evidence report export close forget'
complete -c dnsguard -n '__fish_seen_subcommand_from incident' -l from-triage -r -d 'an earlier result'
complete -c dnsguard -n '__fish_seen_subcommand_from incident' -l format -x -a 'md html json cacao' -d 'of a report'
complete -c dnsguard -n '__fish_seen_subcommand_from incident' -l retention -x -d 'how long evidence is kept'
complete -c dnsguard -n '__fish_seen_subcommand_from incident' -l expired -d 'all that were kept long enough'
complete -c dnsguard -n '__fish_seen_subcommand_from incident' -l playbook -r -d 'go by this one'
complete -c dnsguard -n '__fish_seen_subcommand_from incident' -l answer -x -d 'answers to steps'
complete -c dnsguard -n '__fish_seen_subcommand_from incident' -l policy -r -d 'your policy'
complete -c dnsguard -n '__fish_seen_subcommand_from incident' -l notice -r -d 'notices about your mail'
complete -c dnsguard -n '__fish_seen_subcommand_from incident' -l why -x -d 'the reason'
complete -c dnsguard -n '__fish_seen_subcommand_from triage' -l policy -r -d 'your policy'
complete -c dnsguard -n '__fish_seen_subcommand_from triage' -l domain -x -d 'your domains'
complete -c dnsguard -n '__fish_seen_subcommand_from notices' -l drafts -r -d 'write the letters there'
complete -c dnsguard -n '__fish_seen_subcommand_from notices' -l users -x -d 'list of your users'
complete -c dnsguard -n '__fish_seen_subcommand_from notices' -l registrar -x -d 'its abuse desk'
complete -c dnsguard -n '__fish_seen_subcommand_from notices' -l desk -x -d 'national desk'
complete -c dnsguard -n '__fish_seen_subcommand_from notices' -l as -x -a 'text arf xarf' -d 'form of the letters'
complete -c dnsguard -n '__fish_seen_subcommand_from notices' -l from -x -d 'who writes'
complete -c dnsguard -n '__fish_seen_subcommand_from notices' -s n -l limit -x -d 'at most so many'
complete -c dnsguard -n '__fish_seen_subcommand_from notices' -l dns -d 'look contacts up by DNS'
complete -c dnsguard -n '__fish_seen_subcommand_from notices' -l rdap -d 'ask the registries'
complete -c dnsguard -n '__fish_seen_subcommand_from notices' -l send -d 'send these drafts'
complete -c dnsguard -n '__fish_seen_subcommand_from notices' -l smtp -x -d 'your mail server'
complete -c dnsguard -n '__fish_seen_subcommand_from notices' -l own -x -d 'your networks'
complete -c dnsguard -n '__fish_seen_subcommand_from notices' -l domain -x -d 'your domains'
complete -c dnsguard -n '__fish_seen_subcommand_from notices' -l password-file -r -d 'password of SMTP or IMAP'
complete -c dnsguard -n '__fish_seen_subcommand_from triage' -l own -x -d 'your networks'
complete -c dnsguard -n '__fish_seen_subcommand_from triage' -l host -x -d 'your mail servers'
complete -c dnsguard -n '__fish_seen_subcommand_from triage' -l since -x -d 'from then on'
complete -c dnsguard -n '__fish_seen_subcommand_from triage' -l until -x -d 'before then'
complete -c dnsguard -n '__fish_seen_subcommand_from triage' -l explain -x -d 'this bounce line by line'
complete -c dnsguard -n '__fish_seen_subcommand_from triage' -l notice -r -d 'notices about your mail'
complete -c dnsguard -n '__fish_seen_subcommand_from triage' -l sent -r -d 'what you sent'
complete -c dnsguard -n '__fish_seen_subcommand_from triage' -l recipients -r -d 'addresses that exist'
complete -c dnsguard -n '__fish_seen_subcommand_from triage' -l batv-keys -r -d 'keys of your address tags'
complete -c dnsguard -n '__fish_seen_subcommand_from triage' -l batv-since -x -d 'since when all mail has one'
complete -c dnsguard -n '__fish_seen_subcommand_from triage' -l dkim-key -x -d 'your public keys'
complete -c dnsguard -n '__fish_seen_subcommand_from triage' -l list -x -d 'posting addresses of your lists'
complete -c dnsguard -n '__fish_seen_subcommand_from triage' -l dns -d 'look up SPF and DKIM keys'
complete -c dnsguard -n '__fish_seen_subcommand_from triage' -l password-file -r -d 'password of IMAP'
complete -c dnsguard -n '__fish_seen_subcommand_from triage' -l ca-file -r -d 'certificates for IMAP'
complete -c dnsguard -n '__fish_seen_subcommand_from reports' -l zone -x -d 'only this domain'
complete -c dnsguard -n '__fish_seen_subcommand_from reports' -l own -x -d 'your networks'
complete -c dnsguard -n '__fish_seen_subcommand_from backtest' -s o -l output -r -d 'drawing (SVG)'
complete -c dnsguard -n '__fish_seen_subcommand_from restore log' -l zone -x -d 'of this zone'
complete -c dnsguard -n '__fish_seen_subcommand_from log' -s n -l limit -x -d 'entries'
complete -c dnsguard -n '__fish_seen_subcommand_from init' -l from -r -d 'zone file'
complete -c dnsguard -n '__fish_seen_subcommand_from init' -l server -x -d 'name server'
complete -c dnsguard -n '__fish_seen_subcommand_from init' -l key-file -r -d 'TSIG key file'
complete -c dnsguard -n '__fish_seen_subcommand_from init' -l key-name -x -d 'TSIG key name'
complete -c dnsguard -n '__fish_seen_subcommand_from init' -l algorithm -x -a 'hmac-sha256 hmac-sha512' -d 'of the TSIG key'
complete -c dnsguard -n '__fish_seen_subcommand_from init' -s o -l output -r -d 'new file'
complete -c dnsguard -n "__fish_seen_subcommand_from $looking audit" -l resolver -x -d 'ask this resolver'
complete -c dnsguard -n "__fish_seen_subcommand_from $looking audit" -l trust-anchor -r -d 'validate DNSSEC from here on'
complete -c dnsguard -n "__fish_seen_subcommand_from $looking audit" -l timeout -x -d 'for one domain, seconds'
complete -c dnsguard -n '__fish_seen_subcommand_from check audit' -l fast -d 'only what the verdict needs'
complete -c dnsguard -n '__fish_seen_subcommand_from check' -l selector -x -d 'DKIM selectors'
complete -c dnsguard -n '__fish_seen_subcommand_from check' -l host -x -d 'further hosts'
complete -c dnsguard -n '__fish_seen_subcommand_from check' -l explain -x -a all -d 'what a finding means'
complete -c dnsguard -n '__fish_seen_subcommand_from check' -l open-relay -d 'ask the MX hosts of the policy'
complete -c dnsguard -n '__fish_seen_subcommand_from check' -l i-own-this -d 'they are mine'
complete -c dnsguard -n '__fish_seen_subcommand_from spf' -l ip -x -d 'client'
complete -c dnsguard -n '__fish_seen_subcommand_from spf' -l from -x -d 'MAIL FROM'
complete -c dnsguard -n '__fish_seen_subcommand_from spf' -l helo -x -d 'HELO name'
complete -c dnsguard -n '__fish_seen_subcommand_from spf' -l receiver -x -d 'receiving host'
complete -c dnsguard -n '__fish_seen_subcommand_from dmarc' -l spf -x -a 'pass fail softfail neutral none temperror permerror' -d 'of MAIL FROM'
complete -c dnsguard -n '__fish_seen_subcommand_from dmarc' -l dkim -x -d 'signing domains'
complete -c dnsguard -n '__fish_seen_subcommand_from dmarc' -l psl -d 'by the public suffix list'
complete -c dnsguard -n '__fish_seen_subcommand_from audit' -l csv -d 'comma-separated values'
complete -c dnsguard -n '__fish_seen_subcommand_from audit' -l root-hints -r -d 'root name servers'
complete -c dnsguard -n '__fish_seen_subcommand_from audit' -s o -l output -r -d 'file'
complete -c dnsguard -n '__fish_seen_subcommand_from audit' -l unordered -d 'results as they come'
complete -c dnsguard -n '__fish_seen_subcommand_from audit' -l resume -d 'go on where it was ended'
complete -c dnsguard -n '__fish_seen_subcommand_from audit' -l threads -x -d 'so many'
complete -c dnsguard -n '__fish_seen_subcommand_from audit' -l window -x -d 'domains at once'
complete -c dnsguard -n '__fish_seen_subcommand_from audit' -l rate -x -d 'questions a second to one server'
complete -c dnsguard -n '__fish_seen_subcommand_from export' -l format -x -a 'zonefile nsupdate octodns dnscontrol terraform external-dns' -d 'for which tool'
complete -c dnsguard -n '__fish_seen_subcommand_from import' -l format -x -a 'zonefile octodns' -d 'what the file is'
complete -c dnsguard -n '__fish_seen_subcommand_from import' -l from -r -d 'read this file'
complete -c dnsguard -n '__fish_seen_subcommand_from import' -l provider -x -d 'the section to write'
complete -c dnsguard -n '__fish_seen_subcommand_from import' -l server -x -d 'name server'
complete -c dnsguard -n '__fish_seen_subcommand_from import' -l key-file -r -d 'TSIG key'
complete -c dnsguard -n '__fish_seen_subcommand_from import' -l key-name -x -d 'its name'
complete -c dnsguard -n '__fish_seen_subcommand_from import' -l algorithm -x -d 'its algorithm'
complete -c dnsguard -n '__fish_seen_subcommand_from import' -s o -l output -r -d 'new file'
complete -c dnsguard -n '__fish_seen_subcommand_from provider' -a probe
complete -c dnsguard -n '__fish_seen_subcommand_from provider' -s y -l yes -d 'do not ask'
complete -c dnsguard -n '__fish_seen_subcommand_from providers' -l markdown -d 'the page doc/providers.md'
complete -c dnsguard -n '__fish_seen_subcommand_from schema' -l man -d 'the manual page'
complete -c dnsguard -n '__fish_seen_subcommand_from serve' -a token
complete -c dnsguard -n '__fish_seen_subcommand_from serve' -l socket -r -d 'where to listen'
complete -c dnsguard -n '__fish_seen_subcommand_from serve' -l tls-cert -r -F -d 'speak TLS with it'
complete -c dnsguard -n '__fish_seen_subcommand_from serve' -l tls-key -r -F -d 'of the certificate'
complete -c dnsguard -n '__fish_seen_subcommand_from serve' -l client-ca -r -F -d 'whose clients may connect'
complete -c dnsguard -n '__fish_seen_subcommand_from serve' -l client-crl -r -F -d 'certificates that were withdrawn'
complete -c dnsguard -n '__fish_seen_subcommand_from serve' -l templates -r -F -d 'folder of policy templates'
complete -c dnsguard -n '__fish_seen_subcommand_from serve' -l webhook-secret -r -F -d 'events are signed with'
complete -c dnsguard -n '__fish_seen_subcommand_from serve' -l rate -x -d 'requests a second'
complete -c dnsguard -n '__fish_seen_subcommand_from serve' -s n -l limit -x -d 'domains that wait'
complete -c dnsguard -n '__fish_seen_subcommand_from serve' -l timeout -x -d 'for name servers'
complete -c dnsguard -n '__fish_seen_subcommand_from serve' -l name -x -d 'of a new token'
complete -c dnsguard -n '__fish_seen_subcommand_from serve' -l zones -x -d 'of a new token'
complete -c dnsguard -n '__fish_seen_subcommand_from serve' -l verbs -x -a 'plan apply status approve stop incident' -d 'of a new token'
complete -c dnsguard -n '__fish_seen_subcommand_from serve' -s j -l json -d 'JSON lines'
complete -c dnsguard -n '__fish_seen_subcommand_from help' -a 'init import plan apply verify arm disarm split unsplit probe rotate retire watch status approve stop release abused export restore log backtest reports triage incident check spf dmarc audit sensor serve providers provider schema version help'
