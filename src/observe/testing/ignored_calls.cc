// SPDX-License-Identifier: Apache-2.0
#include "observe/testing/ignored_calls.h"

namespace deja::observe::testing {
namespace {

constexpr Ignored kIgnored[] = {
    {"of a descriptor, whose opening is recorded",
     "fdopen fstat fstat64 __fxstat __fxstat64 fstatfs fstatfs64 fstatvfs fstatvfs64 "
     "ftruncate ftruncate64 fallocate fallocate64 posix_fallocate posix_fallocate64 "
     "fgetxattr flistxattr fpathconf dirfd copy_file_range sendfile sendfile64 "
     "splice _IO_fdopen",
     "fstat fstatfs ftruncate fallocate fgetxattr flistxattr copy_file_range "
     "sendfile splice tee vmsplice pread64 preadv preadv2 pwrite64 pwritev pwritev2 "
     "write writev lseek fadvise64 readahead fsync fdatasync sync_file_range syncfs "
     "cachestat quotactl_fd"},
    {"of an open directory",
     "closedir readdir readdir64 readdir_r readdir64_r rewinddir seekdir telldir", ""},
    {"memory",
     "fmemopen open_memstream open_wmemstream fopencookie globfree globfree64 "
     "freeaddrinfo freeifaddrs if_freenameindex fts_set __sched_cpualloc "
     "__sched_cpucount __sched_cpufree",
     "brk mmap munmap mremap mprotect madvise process_madvise process_mrelease msync "
     "mincore mlock mlock2 munlock munlockall mbind get_mempolicy set_mempolicy "
     "set_mempolicy_home_node migrate_pages move_pages remap_file_pages pkey_alloc "
     "pkey_free pkey_mprotect membarrier mseal map_shadow_stack"},
    {"text only",
     "dirname strptime timegm gmtime gmtime_r __gmtime_r asctime difftime "
     "glob_pattern_p hasmntopt if_indextoname",
     ""},
    {"a name without a file: what is made with it is recorded when it is opened",
     "mktemp tmpnam tmpnam_r", ""},
    {"leaves no name behind", "tmpfile tmpfile64 memfd_create", "memfd_create memfd_secret"},
    {"of a stream whose opening is recorded",
     "getmntent __getmntent_r getmntent_r endmntent fgetpwent fgetgrent", ""},
    {"variables: only what is read, and what a child is given, matters",
     "setenv putenv unsetenv clearenv", ""},
    {"data, read unseen: programs that are not known to use getenv alone get an ENVIRON record",
     "environ __environ _environ", ""},
    {"what setlocale chose, which is recorded",
     "uselocale __uselocale duplocale __duplocale freelocale __freelocale localeconv", ""},
    {"catalogues: recorded by bindtextdomain", "textdomain bind_textdomain_codeset", ""},
    {"how long, not when",
     "clock clock_getres times timer_create timer_settime "
     "timer_delete timerfd_create timerfd_settime setitimer getitimer clock_settime",
     "clock_getres times alarm getitimer setitimer "
     "timer_create timer_settime timer_gettime timer_getoverrun timer_delete "
     "timerfd_create timerfd_settime timerfd_gettime"},
    {"waiting for a change, not looking",
     "inotify_init inotify_init1 inotify_add_watch inotify_rm_watch sem_timedwait "
     "sem_clockwait sigtimedwait __sigtimedwait pthread_cond_timedwait "
     "pthread_mutex_timedlock pthread_getcpuclockid pthread_condattr_setclock "
     "pthread_mutex_clocklock pthread_timedjoin_np waitpid "
     "pthread_rwlock_timedrdlock pthread_rwlock_timedwrlock",
     "inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_init "
     "fanotify_mark epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait "
     "epoll_wait_old epoll_pwait epoll_pwait2 poll ppoll select pselect6 pause wait4 "
     "waitid eventfd eventfd2 futex futex_wait futex_wake futex_requeue futex_waitv"},
    {"a pseudo-random sequence of the program's own seed",
     "random random_r srandom srandom_r initstate setstate initstate_r", ""},
    {"the terminal is no input (the client treats it)",
     "isatty ttyname ttyname_r openpty login_tty tcgetattr ctermid posix_openpt "
     "ioctl getsid",
     "ioctl getsid vhangup"},
    {"the program's own session and rights; what cannot report in afterwards is a gap",
     "setuid setgid seteuid setegid setreuid setregid setresuid setresgid setgroups "
     "setpgid getpgid sethostname",
     "setpgid getpgid getpgrp setsid capget personality sethostname setdomainname "
     "umask"},
    {"scheduling",
     "sched_getparam sched_getscheduler sched_get_priority_max "
     "sched_get_priority_min",
     "sched_getparam sched_setparam sched_getscheduler sched_setscheduler "
     "sched_get_priority_max sched_get_priority_min sched_getattr sched_setattr "
     "sched_setaffinity sched_rr_get_interval sched_yield getpriority setpriority "
     "ioprio_get ioprio_set"},
    {"an end that runs destructors, and one of them looks at the libraries", "__cxa_at_quick_exit",
     ""},
    {"the loader's own table; what it finds is no file",
     "dl_iterate_phdr dladdr dladdr1 dlerror dlsym dlvsym dlinfo _dl_find_object", ""},
    {"after msgget, shmget, semget or mq_open", "msgctl msgrcv msgsnd shmat shmctl shmdt",
     "msgctl msgrcv msgsnd shmat shmctl shmdt semctl semop semtimedop mq_getsetattr "
     "mq_notify mq_timedreceive mq_timedsend mq_unlink"},
    {"after bind or connect", "send __send recvmsg",
     "accept accept4 listen recvfrom recvmsg recvmmsg getpeername getsockname "
     "getsockopt setsockopt shutdown socketpair"},
    {"the end of a table",
     "endpwent endgrent setpwent setgrent endspent setspent endhostent sethostent "
     "gethostent_r",
     ""},
    {"of addresses in memory",
     "__res_init __res_ninit __res_nclose __res_iclose __res_get_nsaddr "
     "__res_context_hostalias __resp res_dnok res_hnok __res_state "
     "__libc_res_nameinquery __libc_res_queriesmatch",
     ""},
    {"called by libresolv, which a program reaches through names that are recorded",
     "__res_context_query __res_context_search __res_context_send", ""},
    {"file actions that open nothing",
     "posix_spawn_file_actions_init posix_spawn_file_actions_destroy "
     "posix_spawn_file_actions_addclose posix_spawn_file_actions_adddup2 "
     "posix_spawn_file_actions_addclosefrom_np",
     ""},
    {"threads and their attributes",
     "pthread_create pthread_exit thrd_exit pthread_getspecific pthread_key_create "
     "__pthread_key_create pthread_attr_setdetachstate pthread_mutexattr_init "
     "pthread_mutexattr_destroy pthread_mutexattr_gettype pthread_mutexattr_settype "
     "__register_atfork",
     "set_robust_list get_robust_list rseq set_thread_area get_thread_area "
     "modify_ldt exit"},
    {"spawn attributes",
     "posix_spawnattr_init posix_spawnattr_destroy posix_spawnattr_getflags "
     "posix_spawnattr_setflags posix_spawnattr_getpgroup posix_spawnattr_setpgroup "
     "posix_spawnattr_getsigmask posix_spawnattr_setsigmask "
     "posix_spawnattr_getsigdefault posix_spawnattr_setsigdefault "
     "posix_spawnattr_setschedparam posix_spawnattr_setschedpolicy",
     ""},
    {"the same on every machine of an architecture that runs this binary", "getpagesize", ""},
    {"no more than the letters of its name in common",
     "regexec sigemptyset epoll_create epoll_create1 __libc_unwind_link_get", ""},
    {"a message, not an input", "openlog closelog", ""},
    {"data that tzset fills", "timezone __timezone", ""},
    {"made by libc at the start of a program, where the supervisor looks at it", "",
     "arch_prctl set_tid_address"},
    {"of the process itself, and known before it starts", "",
     "getrlimit setrlimit prlimit64 getrusage getcwd"},
    {"signals", "",
     "rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait "
     "rt_tgsigqueueinfo sigaltstack signalfd signalfd4 pidfd_open restart_syscall"},
    {"a thread's number", "gettid", "gettid"},
    {"pipes", "", "pipe pipe2"},
    {"closes more than one; a file closed this way has no record of its end", "", "close_range"},
    {"a number for a file, of use with open_by_handle_at alone", "", "name_to_handle_at"},
    {"asynchronous, on descriptors", "",
     "io_setup io_submit io_getevents io_pgetevents io_cancel io_destroy"},
    {"after io_uring_setup", "", "io_uring_enter io_uring_register"},
    {"after fsopen or fspick", "", "fsconfig fsmount"},
    {"before landlock_restrict_self", "", "landlock_create_ruleset landlock_add_rule"},
    {"of the administrator: changes the machine, or asks how it is used", "",
     "acct adjtimex clock_adjtime clock_settime settimeofday bpf delete_module "
     "init_module finit_module ioperm iopl kexec_load kexec_file_load "
     "perf_event_open quotactl reboot swapon swapoff sync syslog lookup_dcookie "
     "lsm_get_self_attr lsm_set_self_attr lsm_list_modules"},
    {"compares processes, not files", "", "kcmp"},
    {"of kernels before all that deja runs on, or never made", "",
     "_sysctl afs_syscall create_module get_kernel_syms getpmsg nfsservctl putpmsg "
     "query_module security sysfs tuxcall uselib ustat vserver"},
};

}  // namespace

std::span<const Ignored> ignored_calls() { return kIgnored; }

}  // namespace deja::observe::testing
