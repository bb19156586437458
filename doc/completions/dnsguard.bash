# bash completion of dnsguard
_dnsguard()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= i
	local commands="init import plan apply verify arm disarm split unsplit probe rotate retire watch status approve stop release abused export restore log backtest reports triage incident check spf dmarc audit sensor serve letters providers provider schema version help"
	local writes="--json --diff --verbose --yes --plan --adopt --force --wait --timeout"
	local looks="--json --verbose --resolver --trust-anchor --timeout"
	local options="--state --no-color --help --version"

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--state) ((i++)) ;;
		-*) ;;
		*)
			command=${COMP_WORDS[i]}
			break
			;;
		esac
	done
	case $before in
	--state | --templates)
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
		;;
	--from | --webhook-secret | --tls-cert | --tls-key | --client-ca | --client-crl | --trust-anchor | --policy | --notice | --sent | --batv-keys | --recipients | --password-file | --ca-file | --root-hints | --key-file | --output | -o | --file | -f)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--algorithm)
		mapfile -t COMPREPLY < <(compgen -W "hmac-sha256 hmac-sha512" -- "$word")
		return
		;;
	--spf)
		mapfile -t COMPREPLY < <(compgen -W "pass fail softfail neutral none temperror permerror" -- "$word")
		return
		;;
	--explain)
		mapfile -t COMPREPLY < <(compgen -W "all" -- "$word")
		return
		;;
	--verbs)
		mapfile -t COMPREPLY < <(compgen -W "plan apply status approve stop incident" -- "$word")
		return
		;;
	--zones | --own | --domain | --since | --until | --resolver | --selector | --host | --ip | --helo | --receiver | --dkim | --threads | --window | --rate) return ;;
	--plan | --timeout | --zone | --limit | -n | --server | --key-name | --local | --why) return ;;
	esac
	case $command in
	init) options="$options --from --server --key-file --key-name --algorithm --output" ;;
	plan) options="$options --json --diff --verbose --adopt --force" ;;
	apply) options="$options $writes" ;;
	arm | split) options="$options $writes --now --no-smtp --local --dry-run" ;;
	disarm | unsplit) options="$options $writes --now --dry-run" ;;
	probe) options="$options $writes --no-smtp --dry-run" ;;
	rotate | retire) options="$options $writes --no-smtp --local --dry-run" ;;
	abused) options="$options --json --why" ;;
	watch) options="$options --json --no-smtp" ;;
	status) options="$options --json --live" ;;
	approve | stop | release) options="$options --json" ;;
	verify) options="$options --json --verbose --wait --timeout" ;;
	restore) options="$options --json --yes --adopt --offline --file --zone --timeout" ;;
	log) options="$options --json --verbose --zone --limit" ;;
	backtest) options="$options --json --output" ;;
	incident) options="$options $looks --verbose --yes --force --adopt --now --no-smtp --why --zone --from-triage --format --retention --expired --playbook --answer --output --policy --domain --own --host --since --until --notice --sent --recipients --batv-keys --batv-since --dkim-key --list --dns --password-file --ca-file --from --limit --rdap --drafts --users --registrar --desk --as --send --smtp" ;;
	notices) options="$options $looks --policy --domain --own --host --since --until --notice --sent --recipients --batv-keys --batv-since --dkim-key --list --dns --rdap --password-file --ca-file --from --limit --drafts --users --registrar --desk --as --send --smtp" ;;
	triage) options="$options $looks --policy --domain --own --host --since --until --explain --notice --sent --recipients --batv-keys --batv-since --dkim-key --list --dns --password-file --ca-file" ;;
	reports) options="$options $looks --zone --own" ;;
	check) options="$options $looks --selector --host --explain --fast --open-relay --i-own-this" ;;
	spf) options="$options $looks --ip --from --helo --receiver" ;;
	serve) options="$options --json --socket --tls-cert --tls-key --client-ca --client-crl --templates --webhook-secret --rate --limit --timeout --name --zones --verbs" ;;
	sensor) options="$options --to --key-file --socket --file --name" ;;
	dmarc) options="$options $looks --spf --dkim --psl" ;;
	audit) options="$options --csv --fast --resolver --trust-anchor --root-hints --output --unordered --resume --threads --window --rate --timeout" ;;
	providers) options="$options --json --markdown" ;;
	import) options="$options --from --format --server --key-file --key-name --algorithm --provider --output" ;;
	export) options="$options --format" ;;
	provider) options="$options --json --yes" ;;
	schema) options="$options --man" ;;
	esac
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
	elif [[ -z $command || $command == help ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	fi
}
complete -o filenames -F _dnsguard dnsguard
