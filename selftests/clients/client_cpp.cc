// SPDX-License-Identifier: GPL-2.0
/*
 * client_cpp.cc - a program written for KVM, in C++: a 64-bit guest with a device in memory that
 * interrupts it.
 *
 *   client_cpp [DEVICE]      /dev/kvm if none is given
 *
 * The device has two registers, DATA and ACKNOWLEDGE. The guest, interrupts disabled, reads DATA
 * and writes it back squared; each third read makes the device want an interrupt, which it gets to
 * raise when the guest lets it. Registers travel in the run page (KVM_CAP_SYNC_REGS). With another
 * device file the output is the same.
 */
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdexcept>
#include <string>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace {

/* Guest-physical layout; linear addresses are the same. */
constexpr uint64_t kCode = 0x1000, kStack = 0x8000, kIdt = 0x9000, kGdt = 0xa000, kPml4 = 0xb000,
		   kPdpt = 0xc000, kPd = 0xd000, kTicks = 0xe000, kMemorySize = 0x200000;
constexpr uint64_t kDevice = 0x10000000, kData = kDevice, kAcknowledge = kDevice + 8;
constexpr unsigned int kVector = 0x40, kInterrupts = 4;

asm(R"(	.pushsection .rodata
	.code64
cpp_guest_start:
	mov	$0x10000000, %ebx
again:
	cli
	mov	(%rbx), %eax
	imul	%rax, %rax
	mov	%rax, (%rbx)
	sti
	nop
	cmpq	$4, 0xe000
	jb	again
	cli
	movzwl	2(%rbx), %ecx
	hlt
	.p2align 4
cpp_guest_handler:
	push	%rax
	incq	0xe000
	mov	0xe000, %eax
	movb	%al, 8(%rbx)
	pop	%rax
	iretq
cpp_guest_end:
	.popsection)");
extern "C" const char cpp_guest_start[], cpp_guest_handler[], cpp_guest_end[];

class Descriptor {
public:
	explicit Descriptor(int fd, const char *what) : fd_(fd)
	{
		if (fd < 0)
			throw std::system_error(errno, std::generic_category(), what);
	}
	~Descriptor() { close(fd_); }
	Descriptor(const Descriptor &) = delete;
	Descriptor &operator=(const Descriptor &) = delete;

	template <typename Argument>
	int call(unsigned long request, Argument argument, const char *what) const
	{
		int result = ioctl(fd_, request, argument);

		if (result < 0)
			throw std::system_error(errno, std::generic_category(), what);
		return result;
	}
	int number() const { return fd_; }

private:
	int fd_;
};

#define CALL(file, request, argument)	(file).call(request, argument, #request)

class Mapping {
public:
	Mapping(size_t size, int flags, int fd) : size_(size)
	{
		start_ = mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, fd, 0);
		if (start_ == MAP_FAILED)
			throw std::system_error(errno, std::generic_category(), "mmap");
	}
	~Mapping() { munmap(start_, size_); }
	Mapping(const Mapping &) = delete;
	Mapping &operator=(const Mapping &) = delete;

	template <typename T> T *at(size_t offset) const
	{
		if (offset + sizeof(T) > size_)
			throw std::out_of_range("mapping");
		return reinterpret_cast<T *>(static_cast<char *>(start_) + offset);
	}

private:
	void *start_;
	size_t size_;
};

class Machine {
public:
	explicit Machine(const char *path)
		: device_(open(path, O_RDWR | O_CLOEXEC), path),
		  vm_(CALL(device_, KVM_CREATE_VM, 0), "VM"),
		  memory_(kMemorySize, MAP_PRIVATE | MAP_ANONYMOUS, -1),
		  vcpu_(CALL(vm_, KVM_CREATE_VCPU, 0), "vCPU"),
		  page_(CALL(device_, KVM_GET_VCPU_MMAP_SIZE, 0), MAP_SHARED, vcpu_.number())
	{
		kvm_userspace_memory_region region{};

		region.memory_size = kMemorySize;
		region.userspace_addr = reinterpret_cast<uintptr_t>(memory_.at<char>(0));
		CALL(vm_, KVM_SET_USER_MEMORY_REGION, &region);
		if ((CALL(device_, KVM_CHECK_EXTENSION, KVM_CAP_SYNC_REGS) & kSync) != kSync)
			throw std::runtime_error("no registers in the run page");
		write_tables();
		set_registers();
	}

	/* Until the guest halts. */
	void run()
	{
		do {
			CALL(vcpu_, KVM_RUN, 0);
		} while (handle_exit());
		printf("halted: rip %#llx, %llu ticks, rcx %#llx\n", regs().rip,
		       *memory_.at<unsigned long long>(kTicks), regs().rcx);
		if (*memory_.at<uint64_t>(kTicks) != kInterrupts || regs().rcx != 0x7fff)
			throw std::runtime_error("the guest ended in another state");
	}

private:
	static constexpr uint64_t kSync = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;

	kvm_run *page() const { return page_.at<kvm_run>(0); }
	const kvm_regs &regs() const { return page()->s.regs.regs; }

	void write_tables()
	{
		uint64_t handler = kCode + (cpp_guest_handler - cpp_guest_start);
		uint64_t *gate = memory_.at<uint64_t>(kIdt + kVector * 16);

		memcpy(memory_.at<char>(kCode), cpp_guest_start, cpp_guest_end - cpp_guest_start);
		*memory_.at<uint64_t>(kPml4) = kPdpt | 3;
		*memory_.at<uint64_t>(kPdpt) = kPd | 3;
		for (uint64_t i = 0; i < 512; i++)
			*memory_.at<uint64_t>(kPd + i * 8) = i << 21 | 0x83;
		*memory_.at<uint64_t>(kGdt + 8) = 0x00af9b000000ffff;
		*memory_.at<uint64_t>(kGdt + 16) = 0x00cf93000000ffff;
		gate[0] = 0x8e0000080000 | (handler & 0xffff) | (handler >> 16 & 0xffff) << 48;
		gate[1] = 0;
	}

	void set_registers()
	{
		kvm_sync_regs &sync = page()->s.regs;
		kvm_segment data{};

		CALL(vcpu_, KVM_GET_SREGS, &sync.sregs);
		data.limit = 0xffffffff;
		data.selector = 16;
		data.type = 3;
		data.present = data.db = data.s = data.g = 1;
		sync.sregs.ds = sync.sregs.es = sync.sregs.ss = data;
		sync.sregs.cs = data;
		sync.sregs.cs.selector = 8;
		sync.sregs.cs.type = 11;
		sync.sregs.cs.db = 0;
		sync.sregs.cs.l = 1;
		sync.sregs.gdt = { kGdt, 23, {} };
		sync.sregs.idt = { kIdt, 256 * 16 - 1, {} };
		sync.sregs.cr0 = 0x80000031;
		sync.sregs.cr3 = kPml4;
		sync.sregs.cr4 = 0x20;
		sync.sregs.efer = 0x500;
		sync.regs = kvm_regs{};
		sync.regs.rip = kCode;
		sync.regs.rsp = kStack;
		sync.regs.rflags = 2;
		page()->kvm_dirty_regs = kSync;
		page()->kvm_valid_regs = kSync;
	}

	/* False: the guest has halted. */
	bool handle_exit()
	{
		switch (page()->exit_reason) {
		case KVM_EXIT_MMIO:
			access();
			break;
		case KVM_EXIT_IRQ_WINDOW_OPEN:
			printf("window: rip %#llx if %u\n", regs().rip, page()->if_flag);
			break;
		case KVM_EXIT_HLT:
			return false;
		default:
			throw std::runtime_error("exit reason " + std::to_string(page()->exit_reason));
		}
		raise_interrupt();
		return true;
	}

	void access()
	{
		auto &mmio = page()->mmio;
		uint64_t value = 0;

		if (mmio.is_write) {
			memcpy(&value, mmio.data, mmio.len);
			printf("write %#llx size %u: %#llx, if %u\n", mmio.phys_addr, mmio.len,
			       static_cast<unsigned long long>(value), page()->if_flag);
		} else {
			value = mmio.phys_addr == kData ? 0x10001 * ++reads_ : 0x7fff;
			memcpy(mmio.data, &value, sizeof(mmio.data));
			printf("read  %#llx size %u: %#llx, if %u\n", mmio.phys_addr, mmio.len,
			       static_cast<unsigned long long>(value), page()->if_flag);
			wanted_ |= mmio.phys_addr == kData && reads_ % 3 == 0;
		}
	}

	/* At once if the guest can take it, else when the window opens. */
	void raise_interrupt()
	{
		kvm_interrupt interrupt{ kVector };

		page()->request_interrupt_window = wanted_;
		if (!wanted_ || !page()->ready_for_interrupt_injection)
			return;
		printf("interrupt: rip %#llx\n", regs().rip);
		CALL(vcpu_, KVM_INTERRUPT, &interrupt);
		page()->request_interrupt_window = 0;
		wanted_ = false;
	}

	Descriptor device_, vm_;
	Mapping memory_;
	Descriptor vcpu_;
	Mapping page_;
	unsigned int reads_ = 0;
	bool wanted_ = false;
};

} // namespace

int main(int argc, char **argv)
{
	try {
		Machine(argc > 1 ? argv[1] : "/dev/kvm").run();
	} catch (const std::exception &error) {
		fprintf(stderr, "client_cpp: %s\n", error.what());
		return 1;
	}
	return 0;
}
