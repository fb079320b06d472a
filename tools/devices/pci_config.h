/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pci_config.h - PCI's configuration ports, 0xcf8 and 0xcfc, with nothing on the bus.
 *
 * Reached from the bus; see pci_config.c.
 */
#ifndef MINIVMX_TOOLS_PCI_CONFIG_H
#define MINIVMX_TOOLS_PCI_CONFIG_H

#include "devices/device.h"

struct pci_config {
	struct device device;
	uint32_t address;
};

void pci_config_init(struct pci_config *config);

#endif /* MINIVMX_TOOLS_PCI_CONFIG_H */
