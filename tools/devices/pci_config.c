// SPDX-License-Identifier: GPL-2.0
/*
 * pci_config.c - configuration mechanism #1 on an empty bus: the address reads back, and all data is
 * ones, as where no device answers.
 *
 * Reached from the bus; see pci_config.h. It follows the PCI Local Bus Specification 3.0, section
 * 3.2.2.3.2 "Software Generation of Configuration Transactions".
 */
#include "devices/pci_config.h"

#define CONFIG_ADDRESS	0xcf8
#define CONFIG_DATA	0xcfc

#define ADDRESS_BITS	0x80fffffc	/* enable; bus, device, function, register. The others read as 0. */

/* The address register takes doublewords alone. Smaller accesses pass it by, and reach nobody. */
static bool is_address(uint64_t offset, unsigned int size)
{
	return offset == 0 && size == 4;
}

static uint64_t pci_config_read(struct device *device, const struct device_range *range, uint64_t offset,
				unsigned int size)
{
	(void)range;
	return is_address(offset, size) ? container_of(device, struct pci_config, device)->address : ~0ull;
}

static void pci_config_write(struct device *device, const struct device_range *range, uint64_t offset,
			     unsigned int size, uint64_t value)
{
	(void)range;
	if (is_address(offset, size))
		container_of(device, struct pci_config, device)->address = value & ADDRESS_BITS;
}

void pci_config_init(struct pci_config *config)
{
	*config = (struct pci_config){
		.device = {
			.name = "PCI configuration",
			.range = { { SPACE_PORT, CONFIG_ADDRESS, CONFIG_DATA + 4 - CONFIG_ADDRESS, 4 } },
			.read = pci_config_read,
			.write = pci_config_write,
		},
	};
}
