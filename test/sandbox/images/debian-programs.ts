/** What the Debian-like image holds, as far as this machine has it. */
export const DEBIAN_PROGRAMS: readonly string[] = `
bash dash awk mawk gawk sed grep egrep fgrep find xargs tar gzip gunzip zcat bzip2 xz zstd diff cmp less more file
[ arch b2sum base32 base64 basename cat chgrp chmod chown chroot cksum comm cp csplit cut date dd df dir dirname du echo
env expand expr factor false fmt fold groups head hostid id install join link ln logname ls md5sum mkdir mkfifo mknod
mktemp mv nice nl nohup nproc numfmt od paste pathchk pr printenv printf ptx pwd readlink realpath rm rmdir runcon seq
sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail tee test
timeout touch tr true truncate tsort tty uname unexpand uniq unlink users vdir wc who whoami yes
ps pgrep pkill pmap pwdx free top uptime vmstat w watch kill pidof sysctl slabtop tload pidwait
nsenter unshare setpriv setsid mount umount flock getopt hexdump ionice lsblk lscpu lsns logger mountpoint prlimit renice
script su taskset uuidgen column rev findmnt dmesg more nsenter
ip ss tc bridge nstat rtacct lnstat ifstat curl wget nc nc.openbsd ncat socat ping tracepath traceroute tcpdump dig drill
host nslookup openssl iperf3 iftop nmap jq ethtool conntrack tshark dumpcap mtr strace ltrace gdb lsof hostname netstat
ifconfig route arp getcap setcap capsh getent locale iconv vi nano tput clear reset tic infocmp clear_console which
git fzf
`
	.split(/\s+/)
	.filter(Boolean);
