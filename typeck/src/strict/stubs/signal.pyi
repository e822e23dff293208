@effect("changes how signals are handled")
def signal(*args: object): ...
@effect("changes how signals are handled")
def alarm(*args: object): ...
@effect("changes how signals are handled")
def setitimer(*args: object): ...
@effect("changes how signals are handled")
def pthread_sigmask(*args: object): ...
@effect("changes how signals are handled")
def siginterrupt(*args: object): ...
@effect("changes how signals are handled")
def set_wakeup_fd(*args: object): ...
SIGINT: int
SIGTERM: int
SIGHUP: int
SIGKILL: int
SIGUSR1: int
SIGUSR2: int
SIGCHLD: int
SIGALRM: int
SIGPIPE: int
SIG_DFL: int
SIG_IGN: int

ITIMER_PROF: int
ITIMER_REAL: int
ITIMER_VIRTUAL: int
NSIG: int
SIGABRT: int
SIGBUS: int
SIGCLD: int
SIGCONT: int
SIGFPE: int
SIGILL: int
SIGIO: int
SIGIOT: int
SIGPOLL: int
SIGPROF: int
SIGPWR: int
SIGQUIT: int
SIGRTMAX: int
SIGRTMIN: int
SIGSEGV: int
SIGSTKFLT: int
SIGSTOP: int
SIGSYS: int
SIGTRAP: int
SIGTSTP: int
SIGTTIN: int
SIGTTOU: int
SIGURG: int
SIGVTALRM: int
SIGWINCH: int
SIGXCPU: int
SIGXFSZ: int
SIG_BLOCK: int
SIG_SETMASK: int
SIG_UNBLOCK: int
class Handlers: ...
class Sigmasks: ...
class Signals: ...
class ItimerError(OSError): ...
class struct_siginfo(tuple): ...
def strsignal(*args): ...
def valid_signals(*args): ...
@opaque("the process differs from run to run")
def getitimer(*args: object, **kwargs: object): ...
@opaque("the process differs from run to run")
def getsignal(*args: object, **kwargs: object): ...
@opaque("the process differs from run to run")
def sigpending(*args: object, **kwargs: object): ...
@effect("acts on the process")
def default_int_handler(*args: object, **kwargs: object): ...
@effect("acts on the process")
def pause(*args: object, **kwargs: object): ...
@effect("acts on the process")
def pidfd_send_signal(*args: object, **kwargs: object): ...
@effect("acts on the process")
def pthread_kill(*args: object, **kwargs: object): ...
@effect("acts on the process")
def raise_signal(*args: object, **kwargs: object): ...
@effect("acts on the process")
def sigtimedwait(*args: object, **kwargs: object): ...
@effect("acts on the process")
def sigwait(*args: object, **kwargs: object): ...
@effect("acts on the process")
def sigwaitinfo(*args: object, **kwargs: object): ...
