complete -c tinyhttpd -s r -l root -d 'The same, as an option' -r -f -a "(__fish_complete_directories)"
complete -c tinyhttpd -l index -d 'The file that answers for a directory; may be repeated, the first found counts' -r
complete -c tinyhttpd -l spa -d 'Answer an unknown path that asks for HTML with this file of the root, and 200' -r
complete -c tinyhttpd -s p -l port -d 'The port to listen on; 0 takes any free one' -r
complete -c tinyhttpd -s b -l bind -d 'The address to listen on: IPv4, IPv6, a host name, or unix:PATH[,mode=660]; may be repeated' -r
complete -c tinyhttpd -l backlog -d 'The kernel\'s queue of connections to be accepted' -r
complete -c tinyhttpd -l type -d 'The media type of an extension or a file name, such as \'ts=video/mp2t\'; may be repeated' -r
complete -c tinyhttpd -l cache-control -d 'Cache-Control for a pattern of paths, such as \'/assets/*=max-age=3600\'; may be repeated, the first match counts' -r
complete -c tinyhttpd -l header -d 'A field line for every answer; may be repeated' -r
complete -c tinyhttpd -l auth-file -d 'A file of user:hash lines, as htpasswd -B writes them: who writes needs a password of these; read again on SIGHUP' -r -F
complete -c tinyhttpd -l auth-for -d 'Who needs a password: write is who would change files, all is everybody [default: write with --writable, else all]' -r -f -a "write\t''
all\t''"
complete -c tinyhttpd -l host -d 'A name of this server, by which clients may write; addresses, localhost and the machine\'s own name need none. Once one is given, reading by another name is refused too; may be repeated' -r
complete -c tinyhttpd -l max-body -d 'Bytes of one file sent with PUT at most, such as 64M' -r
complete -c tinyhttpd -l prefix -d 'What every path begins with, such as /files: it is cut off, and other paths are 404' -r
complete -c tinyhttpd -l trusted-proxy -d 'A proxy whose X-Forwarded-For names the client in the access log: an address, a network such as 10.0.0.0/8, or unix; may be repeated' -r
complete -c tinyhttpd -l health -d 'The path where a balancer asks whether this server wants requests: 200, and 503 once it is about to stop; no file is looked at, and no line logged' -r
complete -c tinyhttpd -l drain -d 'Seconds to serve on after SIGTERM, each answer the last of its connection and 503 on the health path, before the server stops' -r
complete -c tinyhttpd -l threads -d 'Workers for connections, started at once; those that accept come on top [default: 4 a core, at least 16]' -r
complete -c tinyhttpd -l max-connections -d 'Connections held at a time [default: what the limit of open files allows]' -r
complete -c tinyhttpd -l keep-alive -d 'Seconds that a connection may rest between two requests; 0 closes it after each' -r
complete -c tinyhttpd -l write-timeout -d 'Seconds in which a client must take something of its answer' -r
complete -c tinyhttpd -l grace -d 'Seconds that requests in flight have at shutdown' -r
complete -c tinyhttpd -l cache-size -d 'Bytes of files kept in memory, such as 64M; 0 keeps none' -r
complete -c tinyhttpd -l body-memory -d 'Bytes of answers held in memory while their clients do not read, such as 64M' -r
complete -c tinyhttpd -l access-log -d 'The file that the access log is appended to, opened anew on SIGHUP; off writes none [default: stderr]' -r
complete -c tinyhttpd -l check -d 'Ask a server, by http://HOST:PORT/PATH or unix:SOCKET:/PATH, for one answer; the exit code is 0 if it is good, else 1' -r
complete -c tinyhttpd -l list -d 'List directories that have no index file'
complete -c tinyhttpd -l archive -d 'Give a directory as one download, a tar archive, where ?archive=tar is asked for'
complete -c tinyhttpd -l hidden -d 'Serve names that start with a dot'
complete -c tinyhttpd -l clean-urls -d 'Let /about find about.html'
complete -c tinyhttpd -l vhosts -d 'Serve each sub-directory of the root as the host it is named for; `default` takes the rest'
complete -c tinyhttpd -l precompressed -d 'Send FILE.br, FILE.zst or FILE.gz where the client accepts it and it is not older than FILE'
complete -c tinyhttpd -l open -d 'Open the first page in a browser'
complete -c tinyhttpd -l reuse-port -d 'Let several processes listen on one port; the kernel shares the connections out'
complete -c tinyhttpd -l cors -d 'Let scripts of every origin read the answers'
complete -c tinyhttpd -l writable -d 'Let clients change files: PUT creates and replaces, DELETE removes, MKCOL makes directories'
complete -c tinyhttpd -s v -l verbose -d 'Log more: -v for debug, -vv for every socket call'
complete -c tinyhttpd -s q -l quiet -d 'Log errors only'
complete -c tinyhttpd -s h -l help -d 'Print help'
complete -c tinyhttpd -s V -l version -d 'Print version'
