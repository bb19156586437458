"""A real IMAP server of the lab: Dovecot on a Maildir, with TLS by a certificate of its own making.

    server = imap.Dovecot(l, 'alice', 'secret')
    server.place, server.password_file, server.ca_file, server.box

It changes users, as the mail servers of mta.py do, and is unpacked beside them.
"""
import os
import socket
import subprocess

import lab as lablib
import mta
from letters import Maildir

UNUSABLE = mta.UNUSABLE
ADDRESS, IMAP, IMAPS = '127.0.0.29', 143, 993
CONFIG = '''base_dir = {dir}/run
auth_mechanisms = plain
default_internal_user = news
default_internal_group = news
default_login_user = nobody
first_valid_uid = 1
first_valid_gid = 1
log_path = {dir}/dovecot.log
protocols = imap
listen = {address}
ssl = required
ssl_cert = <{dir}/cert.pem
ssl_key = <{dir}/key.pem
ssl_min_protocol = TLSv1.2
mail_location = maildir:{dir}/box
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={dir}
}}
service imap-login {{
  chroot =
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
'''


class Dovecot:
    def __init__(self, lab, user, password):
        self.lab, self.user = lab, user
        self.dir = lab.dir / 'dovecot'
        self.dir.mkdir()
        self.dir.chmod(0o755)
        self.root = mta.PACKAGES / 'dovecot'
        if not self.root.is_dir():
            raise lablib.LabError(f'{self.root}: not there (./dev deps)')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3', '-subj',
                        '/CN=imap.example.com', '-addext', f'subjectAltName=IP:{ADDRESS}', '-keyout', str(self.dir / 'key.pem'),
                        '-out', str(self.dir / 'cert.pem')], check=True, capture_output=True)
        self.box = Maildir(self.dir / 'box')
        self.config = self.dir / 'dovecot.conf'
        self.config.write_text(CONFIG.format(dir=self.dir, address=ADDRESS, password=password, uid=mta.OWNER,
                                             gid=mta.OWNER_GROUP))
        self.password_file = self.dir / 'password'
        self.password_file.write_text(password + '\n')
        self.password_file.chmod(0o600)
        self.ca_file = self.dir / 'cert.pem'
        self.place = f'imaps://{user}@{ADDRESS}/INBOX password-file={self.password_file} ca-file={self.ca_file} poll=1s'
        self.start()

    def put(self, *letters):
        self.box.put(*letters)
        self.own()

    def own(self):
        for folder, _, names in os.walk(self.dir / 'box'):
            for path in (folder, *(os.path.join(folder, name) for name in names)):
                os.chown(path, mta.OWNER, mta.OWNER_GROUP)

    def start(self):
        self.own()
        # It looks for its parts where the package would have put them: for this process alone they are there.
        self.lab.daemon('dovecot', ['unshare', '--mount', 'sh', '-c', f'''for folder in lib bin; do
            mount -t overlay lab -o lowerdir={self.root}/usr/$folder:/usr/$folder /usr/$folder || exit 1
        done
        exec {self.root}/usr/sbin/dovecot -F -c {self.config}'''])
        self.lab.wait_ready('dovecot', self.greets)

    def stop(self):
        self.lab.stop('dovecot')

    def greets(self):
        try:
            with socket.create_connection((ADDRESS, IMAP), 1) as s:
                return s.recv(4) == b'* OK'
        except OSError:
            return False

    @property
    def log(self):
        return (self.dir / 'dovecot.log').read_text(errors='replace')
