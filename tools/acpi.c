// SPDX-License-Identifier: GPL-2.0
/*
 * acpi.c - the ACPI tables: RSDP -> XSDT -> FADT (-> FACS, DSDT) and MADT.
 *
 * Reached from pc.c; see acpi.h. Continues in aml.c, which encodes the DSDT. It follows the ACPI
 * Specification 6.5, chapter 5 "ACPI Software Programming Model". The registers that the FADT names are
 * acpi_pm.c's. All numbers are little-endian, as the host's.
 */
#include <stdio.h>
#include <string.h>

#include "acpi.h"
#include "aml.h"
#include "devices/acpi_pm.h"
#include "devices/ioapic.h"
#include "devices/lapic.h"
#include "devices/pvpanic.h"
#include "devices/reset_ports.h"

#define IOAPIC_ID	0	/* as its register reads after reset */

struct table_header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem_id[6], oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} __attribute__((packed));

struct rsdp {
	char signature[8];
	uint8_t checksum;		/* of all before the length */
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt, length;
	uint64_t xsdt;
	uint8_t extended_checksum, reserved[3];
} __attribute__((packed));

struct facs {
	char signature[4];
	uint32_t length, hardware_signature, waking_vector, global_lock, flags;
	uint64_t x_waking_vector;
	uint8_t version, reserved[31];
} __attribute__((packed));

/* A generic address. */
struct address {
	uint8_t space, bit_width, bit_offset, access_size;
	uint64_t address;
} __attribute__((packed));

#define SPACE_SYSTEM_IO	1

/* What comes after the header, up to version 6.5. The names are the specification's. */
struct fadt {
	uint32_t firmware_ctrl, dsdt;
	uint8_t reserved, preferred_pm_profile;
	uint16_t sci_int;
	uint32_t smi_cmd;
	uint8_t acpi_enable, acpi_disable, s4bios_req, pstate_cnt;
	uint32_t pm1a_evt_blk, pm1b_evt_blk, pm1a_cnt_blk, pm1b_cnt_blk, pm2_cnt_blk, pm_tmr_blk;
	uint32_t gpe0_blk, gpe1_blk;
	uint8_t pm1_evt_len, pm1_cnt_len, pm2_cnt_len, pm_tmr_len, gpe0_blk_len, gpe1_blk_len;
	uint8_t gpe1_base, cst_cnt;
	uint16_t p_lvl2_lat, p_lvl3_lat, flush_size, flush_stride;
	uint8_t duty_offset, duty_width, day_alrm, mon_alrm, century;
	uint16_t iapc_boot_arch;
	uint8_t reserved2;
	uint32_t flags;
	struct address reset_reg;
	uint8_t reset_value;
	uint16_t arm_boot_arch;
	uint8_t minor_version;
	uint64_t x_firmware_ctrl, x_dsdt;
	struct address x_pm1a_evt_blk, x_pm1b_evt_blk, x_pm1a_cnt_blk, x_pm1b_cnt_blk, x_pm2_cnt_blk;
	struct address x_pm_tmr_blk, x_gpe0_blk, x_gpe1_blk, sleep_control_reg, sleep_status_reg;
	char hypervisor_vendor[8];
} __attribute__((packed));

_Static_assert(sizeof(struct table_header) + sizeof(struct fadt) == 276, "length of a FADT, version 6");

#define BOOT_LEGACY_DEVICES	0x0001	/* and, as not set, no 8042: guests need not look for a keyboard */
#define BOOT_NO_VGA		0x0004
#define BOOT_NO_MSI		0x0008

/* PWR_BUTTON is not among the flags, which says that the button is in the PM1 registers. */
#define FLAG_WBINVD		0x0001
#define FLAG_PROC_C1		0x0004
#define FLAG_SLP_BUTTON		0x0020	/* no sleep button in the PM1 registers */
#define FLAG_FIX_RTC		0x0040	/* no wake-up by the clock there */
#define FLAG_TMR_VAL_EXT	0x0100	/* the PM timer has 32 bits */
#define FLAG_RESET_REG_SUP	0x0400

#define LATENCY_NO_C2		101	/* beyond what the specification takes for the states */
#define LATENCY_NO_C3		1001
#define CMOS_CENTURY		0x32

struct madt {
	uint32_t local_apic, flags;
} __attribute__((packed));

#define MADT_PCAT_COMPAT	1	/* there are 8259s too */

struct madt_local_apic {
	uint8_t type, length, uid, apic_id;
	uint32_t flags;
} __attribute__((packed));

struct madt_io_apic {
	uint8_t type, length, id, reserved;
	uint32_t address, gsi_base;
} __attribute__((packed));

struct madt_override {
	uint8_t type, length, bus, source;
	uint32_t gsi;
	uint16_t flags;
} __attribute__((packed));

#define OVERRIDE_LEVEL_HIGH	0x0d	/* level-triggered, active high */

/* What is left of the tables' place. */
struct area {
	uint8_t *bytes;			/* guest-physical ACPI_BEGIN */
	size_t used;
	bool full;
};

/* The guest-physical address. */
static uint32_t add(struct area *area, const void *bytes, size_t size)
{
	uint32_t address = ACPI_BEGIN + area->used;

	if (size > ACPI_END - address) {
		area->full = true;
		return address;
	}
	memcpy(area->bytes + area->used, bytes, size);
	area->used += size;
	return address;
}

static uint8_t checksum(const void *bytes, size_t size)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += ((const uint8_t *)bytes)[i];
	return -sum;
}

static uint32_t begin_table(struct area *area, const char *signature, uint8_t revision)
{
	struct table_header header = {
		.revision = revision,
		.oem_id = "MINIVM",
		.oem_table_id = "MINIVMX ",
		.oem_revision = 1,
		.creator_id = "MVMX",
		.creator_revision = 1,
	};

	memcpy(header.signature, signature, sizeof(header.signature));
	area->used = (area->used + 15) & ~15ul;
	return add(area, &header, sizeof(header));
}

static void end_table(struct area *area, uint32_t address)
{
	struct table_header *header = (void *)(area->bytes + (address - ACPI_BEGIN));

	if (area->full)
		return;
	header->length = ACPI_BEGIN + area->used - address;
	header->checksum = checksum(header, header->length);
}

static struct address port(uint16_t number, unsigned int length, unsigned int access_size)
{
	return (struct address){ SPACE_SYSTEM_IO, 8 * length, 0, access_size, number };
}

static uint32_t add_fadt(struct area *area, uint32_t facs, uint32_t dsdt)
{
	uint32_t address = begin_table(area, "FACP", 6);
	struct fadt fadt = {
		.firmware_ctrl = facs,	/* instead of X_FIRMWARE_CTRL, not beside it */
		.dsdt = dsdt,
		.x_dsdt = dsdt,
		.minor_version = 5,
		.sci_int = ACPI_PM_SCI,
		.pm1a_evt_blk = ACPI_PM_EVENT_PORT,
		.pm1a_cnt_blk = ACPI_PM_CONTROL_PORT,
		.pm_tmr_blk = ACPI_PM_TIMER_PORT,
		.pm1_evt_len = ACPI_PM_EVENT_LENGTH,
		.pm1_cnt_len = ACPI_PM_CONTROL_LENGTH,
		.pm_tmr_len = ACPI_PM_TIMER_LENGTH,
		/* Access sizes: 1 a byte, 2 a word, 3 a doubleword. */
		.x_pm1a_evt_blk = port(ACPI_PM_EVENT_PORT, ACPI_PM_EVENT_LENGTH, 2),
		.x_pm1a_cnt_blk = port(ACPI_PM_CONTROL_PORT, ACPI_PM_CONTROL_LENGTH, 2),
		.x_pm_tmr_blk = port(ACPI_PM_TIMER_PORT, ACPI_PM_TIMER_LENGTH, 3),
		.p_lvl2_lat = LATENCY_NO_C2,
		.p_lvl3_lat = LATENCY_NO_C3,
		.century = CMOS_CENTURY,
		.iapc_boot_arch = BOOT_LEGACY_DEVICES | BOOT_NO_VGA | BOOT_NO_MSI,
		.flags = FLAG_WBINVD | FLAG_PROC_C1 | FLAG_SLP_BUTTON | FLAG_FIX_RTC | FLAG_TMR_VAL_EXT |
			 FLAG_RESET_REG_SUP,
		.reset_reg = port(RESET_CONTROL_PORT, 1, 1),
		.reset_value = RESET_CONTROL_HARD | RESET_CONTROL_CPU,
		.hypervisor_vendor = "minivmx",
	};

	add(area, &fadt, sizeof(fadt));
	end_table(area, address);
	return address;
}

static uint32_t add_madt(struct area *area, unsigned int cpus)
{
	static const struct madt_io_apic io_apic = { 1, sizeof(io_apic), IOAPIC_ID, 0, IOAPIC_BASE, 0 };
	static const struct madt_override overrides[] = {
		{ 2, sizeof(overrides[0]), 0, 0, 2, 0 },	/* the PIT is the I/O APIC's input 2 */
		{ 2, sizeof(overrides[0]), 0, ACPI_PM_SCI, ACPI_PM_SCI, OVERRIDE_LEVEL_HIGH },
	};
	uint32_t address = begin_table(area, "APIC", 6);

	add(area, &(struct madt){ LAPIC_BASE, MADT_PCAT_COMPAT }, sizeof(struct madt));
	for (unsigned int i = 0; i < cpus; i++) {
		struct madt_local_apic apic = { 0, sizeof(apic), i, i, .flags = 1 };	/* enabled */

		add(area, &apic, sizeof(apic));
	}
	add(area, &io_apic, sizeof(io_apic));
	add(area, overrides, sizeof(overrides));
	end_table(area, address);
	return address;
}

/* A device with an identifier and resources; uid tells those with the same identifier apart. */
static void add_device(struct aml *aml, const char *name, const char *hid, unsigned int uid,
		       const struct aml *resources)
{
	struct aml device = { .size = 0 };

	aml_name(&device, "_HID");
	aml_string(&device, hid);
	aml_name(&device, "_UID");
	aml_integer(&device, uid);
	aml_resources(&device, resources);
	aml_device(aml, name, &device);
}

static void add_port_device(struct aml *aml, const char *name, const char *hid, uint16_t base, uint8_t length,
			    int irq)
{
	struct aml resources = { .size = 0 };

	aml_resource_ports(&resources, base, length);
	if (irq >= 0)
		aml_resource_isa_irq(&resources, irq);
	add_device(aml, name, hid, 0, &resources);
}

static void add_windows(struct aml *aml, const struct acpi_machine *machine)
{
	for (unsigned int i = 0; i < machine->window_count; i++) {
		const struct acpi_window *window = &machine->windows[i];
		struct aml resources = { .size = 0 };
		char name[16];

		snprintf(name, sizeof(name), "V%03u", i);
		aml_resource_memory(&resources, window->base, window->size);
		aml_resource_gsi(&resources, window->gsi);
		add_device(aml, name, "LNRO0005", i, &resources);
	}
}

static uint32_t add_dsdt(struct area *area, const struct acpi_machine *machine)
{
	uint32_t address = begin_table(area, "DSDT", 2);
	struct aml aml = { .size = 0 }, soft_off = { .size = 0 }, devices = { .size = 0 };

	/* SLP_TYP of PM1a and of PM1b, then two that are reserved. */
	aml_integer(&soft_off, ACPI_PM_SOFT_OFF);
	aml_integer(&soft_off, ACPI_PM_SOFT_OFF);
	aml_integer(&soft_off, 0);
	aml_integer(&soft_off, 0);
	aml_name(&aml, "_S5");
	aml_package(&aml, 4, &soft_off);

	add_port_device(&devices, "COM1", "PNP0501", 0x3f8, 8, 4);
	add_port_device(&devices, "RTC", "PNP0B00", 0x70, 2, 8);
	add_port_device(&devices, "PANC", "QEMU0001", PVPANIC_PORT, 1, -1);
	add_windows(&devices, machine);
	aml_scope(&aml, "_SB", &devices);

	add(area, aml.bytes, aml.size);
	area->full |= aml.full;
	end_table(area, address);
	return address;
}

static uint32_t add_xsdt(struct area *area, uint64_t fadt, uint64_t madt)
{
	uint32_t address = begin_table(area, "XSDT", 1);

	add(area, &fadt, sizeof(fadt));
	add(area, &madt, sizeof(madt));
	end_table(area, address);
	return address;
}

static uint32_t add_rsdp(struct area *area, uint32_t xsdt)
{
	struct rsdp rsdp = {
		.signature = "RSD PTR ",
		.oem_id = "MINIVM",
		.revision = 2,
		.length = sizeof(rsdp),
		.xsdt = xsdt,
	};

	rsdp.checksum = checksum(&rsdp, offsetof(struct rsdp, length));
	rsdp.extended_checksum = checksum(&rsdp, sizeof(rsdp));
	area->used = (area->used + 15) & ~15ul;
	return add(area, &rsdp, sizeof(rsdp));
}

uint64_t acpi_write_tables(const struct guest_memory *memory, const struct acpi_machine *machine)
{
	static const struct facs facs = { .signature = "FACS", .length = sizeof(facs), .version = 2 };
	struct area area = { .bytes = guest_memory_at(memory, ACPI_BEGIN, ACPI_END - ACPI_BEGIN) };
	uint32_t facs_address, dsdt, fadt, madt, rsdp;

	if (!area.bytes)
		return 0;
	/* The FACS comes first, for it must be aligned to 64 bytes. */
	facs_address = add(&area, &facs, sizeof(facs));
	dsdt = add_dsdt(&area, machine);
	fadt = add_fadt(&area, facs_address, dsdt);
	madt = add_madt(&area, machine->cpus);
	rsdp = add_rsdp(&area, add_xsdt(&area, fadt, madt));
	return area.full ? 0 : rsdp;
}
