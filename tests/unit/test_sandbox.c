/* SPDX-License-Identifier: BSD-3-Clause */
/* What is given up is given up for good: each test does it in a child. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sy/sandbox.h"
#include "unit.h"

#define KEPT (SY_CAPABILITY(CAP_NET_ADMIN) | SY_CAPABILITY(CAP_NET_RAW))

static char *complaint; /* what the child has to say, shared with it */

#define EXPECT(condition, ...) \
	do { \
		if (!(condition)) { \
			snprintf(complaint, 1024, __VA_ARGS__); \
			_exit(1); \
		} \
	} while (0)

static void
run_in_child(void (*body)(void))
{
	int status = 0;
	pid_t pid;

	complaint = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CU_ASSERT_FATAL(complaint != MAP_FAILED);
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0) {
		alarm(30);
		body();
		_exit(0);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		printf("# child: status %#x: %s\n", (unsigned int)status, complaint);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	munmap(complaint, 4096);
}

static void
enter(struct sy_sandbox *sandbox)
{
	const struct sy_sandbox_params params = { .keep = KEPT };
	struct sy_error error = { .text = "" };

	EXPECT(sy_sandbox_enter(&params, sandbox, &error) == 0, "%s", error.text);
	EXPECT(sandbox->filtered, "not filtered: %s", sandbox->unfiltered);
}

/* Arguments with which none of them would do harm where it is let through. */
static const struct refused {
	const char *name;
	long number;
	long arguments[3];
	int code;
} refused[] = {
	{ "execve", SYS_execve, { 0 }, EPERM },
	{ "execveat", SYS_execveat, { -1 }, EPERM },
	{ "ptrace", SYS_ptrace, { -1 }, EPERM },
	{ "process_vm_readv", SYS_process_vm_readv, { 0 }, EPERM },
	{ "process_vm_writev", SYS_process_vm_writev, { 0 }, EPERM },
	{ "mount", SYS_mount, { 0 }, EPERM },
	{ "umount2", SYS_umount2, { 0 }, EPERM },
	{ "move_mount", SYS_move_mount, { -1, 0, -1 }, EPERM },
	{ "fsopen", SYS_fsopen, { 0 }, EPERM },
	{ "pivot_root", SYS_pivot_root, { 0 }, EPERM },
	{ "chroot", SYS_chroot, { 0 }, EPERM },
	{ "unshare", SYS_unshare, { 0 }, EPERM },
	{ "setns", SYS_setns, { -1 }, EPERM },
	{ "bpf", SYS_bpf, { -1 }, EPERM },
	{ "init_module", SYS_init_module, { 0 }, EPERM },
	{ "finit_module", SYS_finit_module, { -1 }, EPERM },
	{ "delete_module", SYS_delete_module, { 0 }, EPERM },
	{ "kexec_load", SYS_kexec_load, { 0, -1 }, EPERM },
	{ "kexec_file_load", SYS_kexec_file_load, { -1, -1 }, EPERM },
	{ "reboot", SYS_reboot, { 0 }, EPERM },
	{ "swapon", SYS_swapon, { 0 }, EPERM },
	{ "keyctl", SYS_keyctl, { -1 }, EPERM },
	{ "add_key", SYS_add_key, { 0 }, EPERM },
	{ "perf_event_open", SYS_perf_event_open, { 0 }, EPERM },
	{ "io_uring_setup", SYS_io_uring_setup, { 0 }, EPERM },
	{ "userfaultfd", SYS_userfaultfd, { -1 }, EPERM },
	{ "open_by_handle_at", SYS_open_by_handle_at, { -1 }, EPERM },
	{ "clock_settime", SYS_clock_settime, { -1 }, EPERM },
	{ "settimeofday", SYS_settimeofday, { 1 }, EPERM },
	{ "sethostname", SYS_sethostname, { 0, -1 }, EPERM },
	{ "setuid", SYS_setuid, { 0 }, EPERM },
	{ "setresuid", SYS_setresuid, { 0 }, EPERM },
	{ "setgroups", SYS_setgroups, { -1 }, EPERM },
	{ "personality", SYS_personality, { -1 }, EPERM },
	{ "clone, of a process", SYS_clone, { SIGCHLD }, EPERM },
	{ "clone3", SYS_clone3, { 0 }, ENOSYS },
	{ "a call that is not known yet", 460, { 0 }, ENOSYS },
	{ "socket of AF_ALG", SYS_socket, { 38, SOCK_SEQPACKET }, EAFNOSUPPORT },
	{ "socket of AF_VSOCK", SYS_socket, { AF_VSOCK, SOCK_STREAM }, EAFNOSUPPORT },
	{ "typing into the terminal", SYS_ioctl, { -1, TIOCSTI }, EPERM },
#ifdef __x86_64__
	{ "fork", SYS_fork, { 0 }, EPERM },
	{ "vfork", SYS_vfork, { 0 }, EPERM },
	{ "iopl", SYS_iopl, { 0 }, EPERM },
	{ "the x32 form of getpid", 0x40000000 | SYS_getpid, { 0 }, ENOSYS },
#endif
};

static void
try_refused(void)
{
	struct sy_sandbox sandbox;

	enter(&sandbox);
	for (size_t i = 0; i < SY_UNIT_COUNT(refused); i++) {
		const struct refused *call = &refused[i];
		long status = syscall(call->number, call->arguments[0], call->arguments[1],
			call->arguments[2], 0L, 0L, 0L);

		EXPECT(status == -1 && errno == call->code, "%s: %ld, %s", call->name, status,
			strerror(errno));
	}
}

static void
test_refused(void)
{
	run_in_child(try_refused);
}

static void *
say_seven(void *argument)
{
	*(int *)argument = 7;
	return NULL;
}

static void
talk_on_sockets(void)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST };
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	struct addrinfo *found = NULL;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int pair[2];

	EXPECT(listener >= 0 && client >= 0, "socket: %s", strerror(errno));
	EXPECT(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 1) == 0,
		"listen: %s", strerror(errno));
	EXPECT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0, "socketpair: %s",
		strerror(errno));
	EXPECT(getaddrinfo("192.0.2.1", "80", &hints, &found) == 0, "getaddrinfo");
	freeaddrinfo(found);
	close(listener);
	close(client);
}

static void
try_ordinary(void)
{
	struct sy_sandbox sandbox;
	struct pollfd nobody = { .fd = -1 };
	pthread_t thread;
	int seven = 0;
	char byte;
	int fd;

	enter(&sandbox);
	EXPECT(pthread_create(&thread, NULL, say_seven, &seven) == 0, "no new thread");
	EXPECT(pthread_join(thread, NULL) == 0 && seven == 7, "the thread did nothing");
	fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	EXPECT(fd >= 0 && read(fd, &byte, 1) == 1, "open and read: %s", strerror(errno));
	close(fd);
	EXPECT(poll(&nobody, 1, 1) == 0, "poll: %s", strerror(errno));
	free(malloc(64 << 20));
	talk_on_sockets();
}

static void
test_ordinary(void)
{
	run_in_child(try_ordinary);
}

/* Threads older than the sandbox, in all states that DPDK's may be in. */
static atomic_bool over;

static void *
block_in_read(void *fd)
{
	char byte;

	while (read(*(int *)fd, &byte, 1) < 0 && errno == EINTR)
		;
	return NULL;
}

static void *
turn(void *unused)
{
	while (!over)
		;
	return unused;
}

static void *
shut_signals_out(void *unused)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	prctl(PR_SET_NAME, "stubborn", 0, 0, 0);
	*(atomic_bool *)unused = true;
	for (;;)
		pause();
	return NULL;
}

static uint64_t
capability_row(int thread, const char *row)
{
	char path[64], line[256];
	uint64_t set = UINT64_MAX;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", thread);
	file = fopen(path, "re");
	EXPECT(file != NULL, "%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, row, strlen(row)) == 0 && line[strlen(row)] == ':')
			set = strtoull(line + strlen(row) + 1, NULL, 16);
	}
	fclose(file);
	return set;
}

static void
check_thread(int thread, uint64_t keep)
{
	static const char *const rows[] = { "CapPrm", "CapEff", "CapBnd" };

	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		uint64_t set = capability_row(thread, rows[i]);

		EXPECT(set == keep, "thread %d: %s %llx", thread, rows[i], (unsigned long long)set);
	}
	EXPECT(capability_row(thread, "CapInh") == 0, "inheritable");
	EXPECT(capability_row(thread, "CapAmb") == 0, "ambient");
	EXPECT(capability_row(thread, "NoNewPrivs") == 1, "new privileges");
	EXPECT(capability_row(thread, "Seccomp") == 2, "not filtered");
}

/* Linux numbers them one after the other, or nearly so: looks at all that there are. */
static int
check_all_threads(uint64_t keep)
{
	int n = 0;

	for (int thread = getpid(); thread < getpid() + 1000; thread++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/self/task/%d", thread);
		if (access(path, F_OK) != 0)
			continue;
		check_thread(thread, keep);
		n++;
	}
	return n;
}

static void
try_threads(void)
{
	struct sy_sandbox sandbox;
	pthread_t threads[2];
	char text[SY_SANDBOX_TEXT];
	int ends[2];

	EXPECT(pipe(ends) == 0, "pipe");
	EXPECT(pthread_create(&threads[0], NULL, block_in_read, &ends[0]) == 0, "thread");
	EXPECT(pthread_create(&threads[1], NULL, turn, NULL) == 0, "thread");
	enter(&sandbox);
	EXPECT(sandbox.n_threads == 3 && sandbox.n_stubborn == 0, "%u of %u threads stay",
		sandbox.n_stubborn, sandbox.n_threads);
	EXPECT(check_all_threads(KEPT) >= 3, "the threads were not found");
	sy_sandbox_capabilities_text(sandbox.capabilities, text);
	EXPECT(strcmp(text, "net_admin, net_raw") == 0, "%s", text);
	over = true;
	EXPECT(write(ends[1], "x", 1) == 1, "write");
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
}

static bool
is_root(void)
{
	if (geteuid() == 0)
		return true;
	sy_unit_skip("only root has capabilities to give up");
	return false;
}

static void
test_threads(void)
{
	if (is_root())
		run_in_child(try_threads);
}

static void
try_stubborn(void)
{
	static atomic_bool ready;
	struct sy_sandbox sandbox;
	pthread_t thread;

	EXPECT(pthread_create(&thread, NULL, shut_signals_out, &ready) == 0, "thread");
	while (!ready)
		sched_yield();
	enter(&sandbox);
	EXPECT(sandbox.n_threads == 2 && sandbox.n_stubborn == 1, "%u of %u threads stay",
		sandbox.n_stubborn, sandbox.n_threads);
	EXPECT(strcmp(sandbox.stubborn, "stubborn") == 0, "told as \"%s\"", sandbox.stubborn);
}

static void
test_stubborn(void)
{
	if (is_root())
		run_in_child(try_stubborn);
}

static void
test_texts(void)
{
	char text[SY_SANDBOX_TEXT];

	CU_ASSERT_STRING_EQUAL(sy_sandbox_capabilities_text(0, text), "none");
	CU_ASSERT_STRING_EQUAL(
		sy_sandbox_capabilities_text(SY_CAPABILITY(CAP_SYS_ADMIN), text), "sys_admin");
	CU_ASSERT_STRING_EQUAL(
		sy_sandbox_capabilities_text(SY_CAPABILITY(CAP_CHOWN) | SY_CAPABILITY(50), text),
		"chown, 50");
	sy_sandbox_capabilities_text(UINT64_MAX, text);
	CU_ASSERT(strlen(text) < sizeof(text) && strstr(text, ", bpf, checkpoint_restore") != NULL);
}

static const struct sy_test tests[] = {
	{ "calls that running does not need are refused, new ones do not exist", test_refused },
	{ "threads, files, sockets and memory are as ever", test_ordinary },
	{ "threads that are older give up their capabilities too", test_threads },
	{ "a thread that shuts signals out is told", test_stubborn },
	{ "capabilities have their names", test_texts },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("sandbox", tests, SY_UNIT_COUNT(tests), argc, argv);
}
