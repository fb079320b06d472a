/* SPDX-License-Identifier: GPL-2.0 */
/*
 * virtio_rng.h - random bytes from the host's kernel.
 *
 * Reached from pc.c; continues in virtio_mmio.c. Follows VIRTIO 1.2, 5.4 "Entropy Device".
 */
#ifndef MINIVMX_TOOLS_VIRTIO_RNG_H
#define MINIVMX_TOOLS_VIRTIO_RNG_H

#include "devices/virtio_mmio.h"

struct virtio_rng {
	struct virtio_device virtio;
};

void virtio_rng_init(struct virtio_rng *rng, const struct guest_memory *memory, struct timers *timers,
		     struct irq irq, uint64_t base);

#endif /* MINIVMX_TOOLS_VIRTIO_RNG_H */
