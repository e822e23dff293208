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
