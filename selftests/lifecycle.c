// SPDX-License-Identifier: GPL-2.0
/*
 * lifecycle.c - file descriptors, processes and threads in every order.
 *
 * A vCPU keeps its VM, a VM keeps the module, a mapping keeps the vCPU; nothing outlives
 * the last of them, however it goes: close, exit, exec, SIGKILL. module.c, beside this
 * file, has what concerns loading and unloading.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm.h"
#include "kselftest_harness.h"

GUEST_CODE(halt_forever, 16, "1: hlt\n\t jmp 1b");
GUEST_CODE(spin, 16, "sti\n\t 1: jmp 1b");
GUEST_CODE(count_out, 16, "sti\n\t 1: inc %ax\n\t out %ax, $0x10\n\t jmp 1b");

VM_FIXTURE(lifecycle)
{
	VM_SETUP(self, variant);
	ASSERT_EQ(0, VM_START(&self->vm, VM_REAL, halt_forever));
}

/* Each of the three descriptors as the first, second and last to be closed. */
TEST_F(lifecycle, close_in_any_order)
{
	static const char orders[][4] = { "dfv", "dvf", "fdv", "fvd", "vdf", "vfd" };

	for (unsigned int i = 0; i < ARRAY_SIZE(orders); i++) {
		struct vm vm;
		int *fds[] = { ['d'] = &vm.dev, ['f'] = &vm.fd, ['v'] = &vm.vcpu };

		ASSERT_EQ(0, vm_create(&vm, variant->device));
		ASSERT_EQ(0, VM_START(&vm, VM_REAL, halt_forever));
		for (int n = 0; n < 3; n++) {
			int *fd = fds[(int)orders[i][n]];

			ASSERT_EQ(0, close(*fd));
			*fd = -1;
			if (vm.vcpu >= 0) {
				ASSERT_EXIT(&vm, MINIVMX_EXIT_HLT);
			}
		}
		vm_destroy(&vm);
	}
}

TEST_F(lifecycle, run_page_outlives_the_descriptors)
{
	struct vm *vm = &self->vm;

	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
	close(vm->vcpu);
	close(vm->fd);
	close(vm->dev);
	vm->vcpu = vm->fd = vm->dev = -1;
	EXPECT_EQ(MINIVMX_EXIT_HLT, vm->run->exit_reason);
	/* The page is still the mapping's own to write. */
	vm->run->exit_reason = 0x5a5a5a5a;
	EXPECT_EQ(0x5a5a5a5a, *(volatile __u32 *)&vm->run->exit_reason);
}

TEST_F(lifecycle, dup_runs_the_same_vcpu)
{
	struct vm *vm = &self->vm;
	int copy = dup(vm->vcpu);

	ASSERT_LE(0, copy);
	close(vm->vcpu);
	vm->vcpu = copy;
	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
}

/* Exit status of a child, or -1 if it did not end by itself. */
static int wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

TEST_F(lifecycle, child_can_close_but_not_use)
{
	struct vm *vm = &self->vm;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		struct minivmx_regs regs;
		bool refused = vm_run(vm) == -EIO && vm_get_regs(vm, &regs) == -EIO &&
			       vm_set_slot(vm, 1, 0, 0x800000, 0x1000, vm->mem) == -EIO;

		vm_destroy(vm);
		_exit(!refused);
	}
	EXPECT_EQ(0, wait_for(pid));
	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
}

/* The parent ends its use first; the child's copies are all that is left, and then go. */
TEST_F(lifecycle, child_holds_them_longer)
{
	struct vm *vm = &self->vm;
	int gate[2];
	pid_t pid;

	ASSERT_EQ(0, pipe(gate));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		struct minivmx_regs regs;
		char byte;

		close(gate[1]);
		if (read(gate[0], &byte, 1) != 0)
			_exit(2);
		_exit(vm_get_regs(vm, &regs) != -EIO);
	}
	vm_destroy(vm);
	close(gate[0]);
	close(gate[1]);
	EXPECT_EQ(0, wait_for(pid));
}

TEST_F(lifecycle, exec_closes_them)
{
	struct vm *vm = &self->vm;
	char script[128];
	pid_t pid;

	EXPECT_EQ(FD_CLOEXEC, fcntl(vm->fd, F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(vm->vcpu, F_GETFD));
	snprintf(script, sizeof(script), "[ ! -e /proc/self/fd/%d ] && [ ! -e /proc/self/fd/%d ]",
		 vm->fd, vm->vcpu);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		execl("/bin/sh", "sh", "-c", script, NULL);
		_exit(127);
	}
	EXPECT_EQ(0, wait_for(pid));
	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
}

static int send_fds(int sock, const int *fds, size_t size)
{
	char control[CMSG_SPACE(2 * sizeof(int))] = { 0 }, byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = CMSG_SPACE(size),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(cmsg), fds, size);
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}

static int receive_fds(int sock, int *fds, size_t size)
{
	char control[CMSG_SPACE(2 * sizeof(int))] = { 0 }, byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};

	if (recvmsg(sock, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		return -errno;
	memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&msg)), size);
	return 0;
}

/* The receiver was forked before the VM existed: it never had this address space. */
static int use_foreign_fds(int sock)
{
	struct minivmx_regs regs;
	struct vm vm = { .dev = -1 };
	int fds[2];

	if (receive_fds(sock, fds, sizeof(fds)))
		return 2;
	vm.fd = fds[0];
	vm.vcpu = fds[1];
	if (vm_run(&vm) != -EIO || vm_get_regs(&vm, &regs) != -EIO)
		return 3;
	if (vm_ioctl(vm.fd, MINIVMX_CREATE_VCPU, 1) != -EIO)
		return 4;
	if (vm_set_slot(&vm, 1, 0, 0x800000, 0x1000, (void *)0x400000) != -EIO)
		return 5;
	return 0;
}

TEST_F(lifecycle, passed_descriptors_fail_with_eio)
{
	struct vm vm;
	int pair[2];
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(pair[0]);
		_exit(use_foreign_fds(pair[1]));
	}
	close(pair[1]);
	ASSERT_EQ(0, vm_create(&vm, variant->device));
	ASSERT_EQ(0, VM_START(&vm, VM_REAL, halt_forever));
	ASSERT_EQ(0, send_fds(pair[0], (int[]){ vm.fd, vm.vcpu }, 2 * sizeof(int)));
	EXPECT_EQ(0, wait_for(pid));
	ASSERT_EXIT(&vm, MINIVMX_EXIT_HLT);
	vm_destroy(&vm);
}

/* Never returns. Says that RUN is next by closing its end of the pipe. */
static void run_spinning_guest(const char *device, int pipe_end)
{
	struct vm vm;

	if (vm_create(&vm, device) || VM_START(&vm, VM_REAL, spin))
		_exit(2);
	if (write(pipe_end, "r", 1) != 1)
		_exit(3);
	vm_run(&vm);
	_exit(4);
}

TEST_F(lifecycle, sigkill_in_run_leaves_nothing)
{
	const char *path = vm_refcnt_path(variant->kvm);
	long before = vm_read_number(path);
	int status, gate[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(gate));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		run_spinning_guest(variant->device, gate[1]);
	close(gate[1]);
	ASSERT_EQ(1, read(gate[0], &byte, 1));
	usleep(300000);
	ASSERT_EQ(0, waitpid(pid, &status, WNOHANG)) {
		TH_LOG("the guest did not spin, the child exited with %d", WEXITSTATUS(status));
	}
	if (before >= 0) {
		EXPECT_LT(before, vm_read_number(path));
	}
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	if (before >= 0) {
		EXPECT_TRUE(vm_refcnt_returns_to(path, before));
	}
}

struct runner {
	struct vm *vm;
	int rounds;	/* wanted */
	int done;	/* successful RUNs with the expected exit */
	int result;	/* last value of vm_run() */
	volatile bool finished;
};

static void *run_rounds(void *arg)
{
	struct runner *runner = arg;

	for (int i = 0; i < runner->rounds; i++) {
		runner->result = vm_run(runner->vm);
		if (runner->result)
			break;
		runner->done++;
	}
	runner->finished = true;
	return NULL;
}

TEST_F(lifecycle, run_from_another_thread)
{
	struct runner runner = { .vm = &self->vm, .rounds = 10 };
	pthread_t thread;

	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_rounds, &runner));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(10, runner.done);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
}

/* Two threads take turns on one vCPU: no RUN is lost and none is done twice. */
TEST_F(lifecycle, two_threads_on_one_vcpu)
{
	enum { ROUNDS = 100 };
	struct runner runners[2] = {
		{ .vm = &self->vm, .rounds = ROUNDS }, { .vm = &self->vm, .rounds = ROUNDS },
	};
	struct minivmx_regs regs;
	pthread_t threads[2];

	ASSERT_EQ(0, VM_START(&self->vm, VM_REAL, count_out));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, run_rounds, &runners[i]));
	}
	/*
	 * Bochs 2.7 with two CPUs may lose the interrupt that wakes a CPU while the other is in
	 * a guest (under KVM as well); a timer that fires now and then makes up for it.
	 */
	while (!runners[0].finished || !runners[1].finished)
		usleep(10000);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	}
	EXPECT_EQ(ROUNDS, runners[0].done);
	EXPECT_EQ(ROUNDS, runners[1].done);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(2 * ROUNDS, regs.rax);
}

struct reader {
	struct vm *vm;
	volatile bool finished;
	int result;
};

static void *read_registers(void *arg)
{
	struct minivmx_regs regs;
	struct reader *reader = arg;

	reader->result = vm_get_regs(reader->vm, &regs);
	reader->finished = true;
	return NULL;
}

static void wake(int sig)
{
	(void)sig;
}

/*
 * While one thread is in RUN, another's vCPU ioctl waits; a signal to the first lets it go. On
 * minivmx it may come in before: RUN is called again unnoticed when the thread owes the kernel work.
 */
TEST_F(lifecycle, ioctl_waits_for_run)
{
	struct runner runner = { .vm = &self->vm, .rounds = 1 };
	struct reader reader = { .vm = &self->vm };
	struct sigaction action = { .sa_handler = wake };
	pthread_t in_run, waiting;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, VM_START(&self->vm, VM_REAL, spin));
	ASSERT_EQ(0, pthread_create(&in_run, NULL, run_rounds, &runner));
	usleep(200000);
	ASSERT_EQ(0, pthread_create(&waiting, NULL, read_registers, &reader));
	usleep(200000);
	if (variant->kvm) {
		EXPECT_FALSE(reader.finished);
	}
	ASSERT_EQ(0, pthread_kill(in_run, SIGUSR1));
	ASSERT_EQ(0, pthread_join(in_run, NULL));
	EXPECT_EQ(-EINTR, runner.result);
	ASSERT_EQ(0, pthread_join(waiting, NULL));
	EXPECT_EQ(0, reader.result);
}

TEST_HARNESS_MAIN
