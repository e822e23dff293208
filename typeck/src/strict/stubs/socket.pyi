__purity__ = "pure"

AF_INET: int
AF_INET6: int
AF_NETLINK: int
AF_PACKET: int
AF_UNIX: int
AF_UNSPEC: int
AI_ADDRCONFIG: int
AI_ALL: int
AI_CANONNAME: int
AI_NUMERICHOST: int
AI_NUMERICSERV: int
AI_PASSIVE: int
AI_V4MAPPED: int
EAGAIN: int
EAI_ADDRFAMILY: int
EAI_AGAIN: int
EAI_BADFLAGS: int
EAI_FAIL: int
EAI_FAMILY: int
EAI_MEMORY: int
EAI_NODATA: int
EAI_NONAME: int
EAI_OVERFLOW: int
EAI_SERVICE: int
EAI_SOCKTYPE: int
EAI_SYSTEM: int
EBADF: int
EWOULDBLOCK: int
INADDR_ALLHOSTS_GROUP: int
INADDR_ANY: int
INADDR_BROADCAST: int
INADDR_LOOPBACK: int
INADDR_MAX_LOCAL_GROUP: int
INADDR_NONE: int
INADDR_UNSPEC_GROUP: int
IPPORT_RESERVED: int
IPPORT_USERRESERVED: int
IPPROTO_ICMP: int
IPPROTO_ICMPV6: int
IPPROTO_IGMP: int
IPPROTO_IP: int
IPPROTO_IPV6: int
IPPROTO_NONE: int
IPPROTO_RAW: int
IPPROTO_SCTP: int
IPPROTO_TCP: int
IPPROTO_UDP: int
IPPROTO_UDPLITE: int
IPV6_HOPLIMIT: int
IPV6_JOIN_GROUP: int
IPV6_LEAVE_GROUP: int
IPV6_MULTICAST_HOPS: int
IPV6_MULTICAST_IF: int
IPV6_MULTICAST_LOOP: int
IPV6_PKTINFO: int
IPV6_RECVHOPLIMIT: int
IPV6_RECVPKTINFO: int
IPV6_RECVTCLASS: int
IPV6_TCLASS: int
IPV6_UNICAST_HOPS: int
IPV6_V6ONLY: int
IP_ADD_MEMBERSHIP: int
IP_DROP_MEMBERSHIP: int
IP_HDRINCL: int
IP_MULTICAST_IF: int
IP_MULTICAST_LOOP: int
IP_MULTICAST_TTL: int
IP_OPTIONS: int
IP_PKTINFO: int
IP_RECVTOS: int
IP_TOS: int
IP_TRANSPARENT: int
IP_TTL: int
MSG_CMSG_CLOEXEC: int
MSG_CONFIRM: int
MSG_CTRUNC: int
MSG_DONTROUTE: int
MSG_DONTWAIT: int
MSG_EOR: int
MSG_ERRQUEUE: int
MSG_FASTOPEN: int
MSG_MORE: int
MSG_NOSIGNAL: int
MSG_OOB: int
MSG_PEEK: int
MSG_TRUNC: int
MSG_WAITALL: int
NI_DGRAM: int
NI_MAXHOST: int
NI_MAXSERV: int
NI_NAMEREQD: int
NI_NOFQDN: int
NI_NUMERICHOST: int
NI_NUMERICSERV: int
SCM_CREDENTIALS: int
SCM_RIGHTS: int
SHUT_RD: int
SHUT_RDWR: int
SHUT_WR: int
SOCK_CLOEXEC: int
SOCK_DGRAM: int
SOCK_NONBLOCK: int
SOCK_RAW: int
SOCK_RDM: int
SOCK_SEQPACKET: int
SOCK_STREAM: int
SOL_IP: int
SOL_SOCKET: int
SOL_TCP: int
SOL_UDP: int
SOMAXCONN: int
SO_ACCEPTCONN: int
SO_BINDTODEVICE: int
SO_BROADCAST: int
SO_DEBUG: int
SO_DOMAIN: int
SO_DONTROUTE: int
SO_ERROR: int
SO_KEEPALIVE: int
SO_LINGER: int
SO_MARK: int
SO_OOBINLINE: int
SO_PASSCRED: int
SO_PEERCRED: int
SO_PRIORITY: int
SO_PROTOCOL: int
SO_RCVBUF: int
SO_RCVLOWAT: int
SO_RCVTIMEO: int
SO_REUSEADDR: int
SO_REUSEPORT: int
SO_SNDBUF: int
SO_SNDLOWAT: int
SO_SNDTIMEO: int
SO_TYPE: int
TCP_CONGESTION: int
TCP_CORK: int
TCP_DEFER_ACCEPT: int
TCP_FASTOPEN: int
TCP_INFO: int
TCP_KEEPCNT: int
TCP_KEEPIDLE: int
TCP_KEEPINTVL: int
TCP_LINGER2: int
TCP_MAXSEG: int
TCP_NODELAY: int
TCP_QUICKACK: int
TCP_SYNCNT: int
TCP_USER_TIMEOUT: int
TCP_WINDOW_CLAMP: int
class error(OSError): ...
class timeout(OSError): ...
class gaierror(OSError): ...
class herror(OSError): ...
class AddressFamily: ...
class SocketKind: ...
def htons(*args, **kwargs) -> int: ...
def htonl(*args, **kwargs) -> int: ...
def ntohs(*args, **kwargs) -> int: ...
def ntohl(*args, **kwargs) -> int: ...
def inet_aton(*args, **kwargs) -> bytes: ...
def inet_pton(*args, **kwargs) -> bytes: ...
def inet_ntoa(*args, **kwargs) -> str: ...
def inet_ntop(*args, **kwargs) -> str: ...
@opaque("the machine differs from run to run")
def gethostname(*args: object, **kwargs: object): ...
@opaque("the machine differs from run to run")
def getfqdn(*args: object, **kwargs: object): ...
@opaque("the machine differs from run to run")
def gethostbyname(*args: object, **kwargs: object): ...
@opaque("the machine differs from run to run")
def gethostbyaddr(*args: object, **kwargs: object): ...
@opaque("the machine differs from run to run")
def getaddrinfo(*args: object, **kwargs: object): ...
@opaque("the machine differs from run to run")
def getnameinfo(*args: object, **kwargs: object): ...
@opaque("the machine differs from run to run")
def getservbyname(*args: object, **kwargs: object): ...
@opaque("the machine differs from run to run")
def getservbyport(*args: object, **kwargs: object): ...
@opaque("the machine differs from run to run")
def has_dualstack_ipv6(*args: object, **kwargs: object): ...
@opaque("the machine differs from run to run")
def if_nameindex(*args: object, **kwargs: object): ...
def if_nametoindex(*args: object, **kwargs: object): ...
def if_indextoname(*args: object, **kwargs: object): ...
@opaque("the machine differs from run to run")
def getdefaulttimeout(*args: object, **kwargs: object): ...
@effect("opens a socket")
def socket(*args: object, **kwargs: object): ...
@effect("opens a socket")
def socketpair(*args: object, **kwargs: object): ...
@effect("opens a socket")
def create_connection(*args: object, **kwargs: object): ...
@effect("opens a socket")
def create_server(*args: object, **kwargs: object): ...
@effect("opens a socket")
def fromfd(*args: object, **kwargs: object): ...
@effect("changes the process")
def setdefaulttimeout(*args: object, **kwargs: object): ...
@effect("changes the process")
def sethostname(*args: object, **kwargs: object): ...

@effect("uses the network")
def CMSG_LEN(*args: object, **kwargs: object): ...
@effect("uses the network")
def CMSG_SPACE(*args: object, **kwargs: object): ...
class SocketType: ...
@effect("uses the network")
def close(*args: object, **kwargs: object): ...
@effect("uses the network")
def dup(*args: object, **kwargs: object): ...
@effect("uses the network")
def gethostbyname_ex(*args: object, **kwargs: object): ...
@effect("uses the network")
def getprotobyname(*args: object, **kwargs: object): ...
has_ipv6: bool
@effect("uses the network")
def send_fds(*args: object, **kwargs: object): ...
@effect("uses the network")
def recv_fds(*args: object, **kwargs: object): ...
