// SPDX-License-Identifier: GPL-2.0
/*
 * lapic.c - the CPUs' local APICs: what is requested, what is in service, which of both has
 * the higher priority, and the messages between CPUs.
 *
 * Reached from cpu.c, from lapic_registers.c, and from ioapic.c; continues in struct
 * lapic_host, which says what the CPUs have to do. SDM 3A "Advanced Programmable Interrupt
 * Controller (APIC)".
 */
#include "devices/lapic_state.h"

#define SVR_RESET		0xff
#define BASE_ENABLED		(1u << 11)
#define DFR_FLAT		0xf
#define DFR_CLUSTER		0x0
#define DESTINATION_ALL		0xff
#define CLUSTER_ALL		0xf
#define FIRST_LEGAL_VECTOR	16

#define ICR_LOGICAL		(1u << 11)
#define ICR_ASSERT		(1u << 14)
#define ICR_LEVEL		(1u << 15)

static unsigned int delivery_mode(uint32_t icr_or_lvt)
{
	return icr_or_lvt >> 8 & 7;
}

/* 256 bits, one for each vector. */
static bool test_vector(const uint32_t *set, uint8_t vector)
{
	return set[vector / 32] >> vector % 32 & 1;
}

static void assign_vector(uint32_t *set, uint8_t vector, bool value)
{
	set[vector / 32] &= ~(1u << vector % 32);
	set[vector / 32] |= (uint32_t)value << vector % 32;
}

/* 0 where there is none: vectors under 16 are never requested. */
static uint8_t highest_vector(const uint32_t *set)
{
	for (int i = 7; i >= 0; i--)
		if (set[i])
			return 32 * i + 31 - __builtin_clz(set[i]);
	return 0;
}

/* A vector's priority class is its upper half. SDM 3A "Task and Processor Priorities". */
uint8_t lapic_processor_priority(const struct lapic *lapic)
{
	uint8_t in_service = highest_vector(lapic->isr) & 0xf0;

	return lapic->tpr >= in_service ? lapic->tpr : in_service;
}

/* SDM 3A "Lowest Priority Delivery Mode" of older editions: what is requested counts, too. */
uint8_t lapic_arbitration_priority(const struct lapic *lapic)
{
	uint8_t requested = highest_vector(lapic->irr) & 0xf0;
	uint8_t processor = lapic_processor_priority(lapic);

	return processor >= requested ? processor : requested;
}

static bool takes_vector(const struct lapic *lapic)
{
	return (highest_vector(lapic->irr) & 0xf0) > (lapic_processor_priority(lapic) & 0xf0);
}

/* ExtINT knows no priority. With the local APIC disabled, LINT0 is the CPU's INTR pin. */
static bool takes_extint(const struct lapic *lapic)
{
	uint32_t lint0 = lapic->lvt[LVT_LINT0];

	if (lapic->extint)
		return true;
	if (!lapic->lapics->intr)
		return false;
	return !lapic->enabled || (!(lint0 & LVT_MASKED) && delivery_mode(lint0) == DELIVER_EXTINT);
}

enum lapic_interrupt lapic_has_interrupt(const struct lapics *lapics, unsigned int cpu)
{
	const struct lapic *lapic = &lapics->lapic[cpu];

	if (takes_extint(lapic))
		return LAPIC_EXTINT;
	return takes_vector(lapic) ? LAPIC_VECTOR : LAPIC_NO_INTERRUPT;
}

static void wake_if_interrupted(const struct lapic *lapic)
{
	if (lapic_has_interrupt(lapic->lapics, lapic->cpu))
		lapic->lapics->host->wake(lapic->lapics->host, lapic->cpu);
}

static bool request(struct lapic *lapic, uint8_t vector, bool level)
{
	assign_vector(lapic->irr, vector, true);
	assign_vector(lapic->tmr, vector, level);
	wake_if_interrupted(lapic);
	return true;
}

/* The first error since the ESR was written interrupts. An illegal vector for it is the next, and does not. */
void lapic_log_error(struct lapic *lapic, uint8_t error)
{
	uint32_t lvt = lapic->lvt[LVT_ERROR];
	bool first = !lapic->errors;

	lapic->errors |= error;
	if (!first || (lvt & LVT_MASKED))
		return;
	if ((uint8_t)lvt < FIRST_LEGAL_VECTOR)
		lapic->errors |= ESR_RECEIVE_ILLEGAL_VECTOR;
	else
		request(lapic, lvt, false);
}

static void lapic_reset(struct lapic *lapic)
{
	lapic->extint = false;
	lapic->tpr = lapic->ldr = lapic->esr = lapic->errors = lapic->icr_destination = 0;
	lapic->dfr = DFR_FLAT;
	lapic->svr = SVR_RESET;
	lapic->icr = 0;
	for (unsigned int i = 0; i < LVT_COUNT; i++)
		lapic->lvt[i] = LVT_MASKED;
	for (unsigned int i = 0; i < 8; i++)
		lapic->isr[i] = lapic->tmr[i] = lapic->irr[i] = 0;
	lapic_timer_reset(&lapic->timer);
}

/* From a message, or from an entry of the local vector table. */
static bool receive(struct lapic *lapic, unsigned int delivery, uint8_t vector, bool level)
{
	struct lapic_host *host = lapic->lapics->host;

	switch (delivery) {
	case DELIVER_FIXED:
	case DELIVER_LOWEST:
		/* Software-disabled, it still has what it had, and hears of NMI, INIT and STARTUP alone. */
		if (!(lapic->svr & SVR_ENABLED))
			return false;
		if (vector >= FIRST_LEGAL_VECTOR)
			return request(lapic, vector, level);
		lapic_log_error(lapic, ESR_RECEIVE_ILLEGAL_VECTOR);
		return false;
	case DELIVER_NMI:
		host->nmi(host, lapic->cpu);
		return true;
	case DELIVER_INIT:
		lapic_reset(lapic);
		host->init(host, lapic->cpu);
		return true;
	case DELIVER_STARTUP:
		host->startup(host, lapic->cpu, vector);
		return true;
	case DELIVER_EXTINT:
		lapic->extint = true;
		wake_if_interrupted(lapic);
		return true;
	}
	return false;
}

static bool is_destination(const struct lapic *lapic, uint8_t destination, bool logical)
{
	if (!lapic->enabled)
		return false;
	if (destination == DESTINATION_ALL)
		return true;
	if (!logical)
		return destination == lapic->cpu;
	if (lapic->dfr != DFR_CLUSTER)
		return lapic->ldr & destination;
	return (destination >> 4 == CLUSTER_ALL || destination >> 4 == lapic->ldr >> 4) &&
	       (lapic->ldr & destination & 0xf);
}

/* A bit for each CPU. */
static uint32_t destinations(const struct lapics *lapics, const struct apic_message *message)
{
	uint32_t cpus = 0;

	for (unsigned int i = 0; i < lapics->count; i++)
		if (is_destination(&lapics->lapic[i], message->destination, message->logical))
			cpus |= 1u << i;
	return cpus;
}

/* Of equals it is the next one's turn. */
static uint32_t lowest_priority(struct lapics *lapics, uint32_t cpus)
{
	const struct lapic *lowest = NULL;

	for (unsigned int i = 0; i < lapics->count; i++) {
		const struct lapic *lapic = &lapics->lapic[(lapics->turn + i) % lapics->count];

		if (!(cpus >> lapic->cpu & 1) || !(lapic->svr & SVR_ENABLED))
			continue;
		if (!lowest || lapic_arbitration_priority(lapic) < lapic_arbitration_priority(lowest))
			lowest = lapic;
	}
	if (!lowest)
		return 0;
	lapics->turn = lowest->cpu + 1;
	return 1u << lowest->cpu;
}

static bool send(struct lapics *lapics, uint32_t cpus, const struct apic_message *message)
{
	bool accepted = false;

	if (message->delivery == DELIVER_LOWEST)
		cpus = lowest_priority(lapics, cpus);
	for (unsigned int i = 0; i < lapics->count; i++)
		if (cpus >> i & 1)
			accepted |= receive(&lapics->lapic[i], message->delivery, message->vector,
					    message->level);
	return accepted;
}

bool lapics_deliver(struct lapics *lapics, const struct apic_message *message)
{
	return send(lapics, destinations(lapics, message), message);
}

bool lapics_wait(const struct lapics *lapics, const struct apic_message *message)
{
	uint32_t cpus = destinations(lapics, message);

	for (unsigned int i = 0; i < lapics->count; i++)
		if ((cpus >> i & 1) && test_vector(lapics->lapic[i].irr, message->vector))
			return true;
	return false;
}

/* SDM 3A "Issuing Interprocessor Interrupts". Interrupts between CPUs are always edges. */
void lapic_send_icr(struct lapic *lapic)
{
	struct lapics *lapics = lapic->lapics;
	struct apic_message message = {
		.destination	= lapic->icr_destination,
		.logical	= lapic->icr & ICR_LOGICAL,
		.delivery	= delivery_mode(lapic->icr),
		.vector		= lapic->icr,
	};
	uint32_t self = 1u << lapic->cpu;
	uint32_t all = destinations(lapics, &(struct apic_message){ .destination = DESTINATION_ALL });
	const uint32_t cpus[4] = { destinations(lapics, &message), self, all, all & ~self };

	/* The de-assertion that followed an INIT on older CPUs is nothing to these. */
	if (message.delivery == DELIVER_INIT && (lapic->icr & ICR_LEVEL) && !(lapic->icr & ICR_ASSERT))
		return;
	if (message.delivery == DELIVER_EXTINT)
		return;
	if (message.delivery <= DELIVER_LOWEST && message.vector < FIRST_LEGAL_VECTOR)
		lapic_log_error(lapic, ESR_SEND_ILLEGAL_VECTOR);
	send(lapics, cpus[lapic->icr >> 18 & 3], &message);
}

/* It is the destination of more messages than before. The I/O APIC sends a level until it is accepted. */
void lapic_accepts(struct lapic *lapic)
{
	struct lapic_host *host = lapic->lapics->host;

	host->accepts(host);
}

static bool timer_tick(struct lapic_timer *timer)
{
	struct lapic *lapic = container_of(timer, struct lapic, timer);
	uint8_t vector = lapic->lvt[LVT_TIMER];

	if (test_vector(lapic->irr, vector))
		return false;
	receive(lapic, DELIVER_FIXED, vector, false);
	return true;
}

void lapic_end_of_interrupt(struct lapic *lapic)
{
	struct lapic_host *host = lapic->lapics->host;
	uint8_t vector = highest_vector(lapic->isr);

	assign_vector(lapic->isr, vector, false);
	if (test_vector(lapic->tmr, vector))
		host->eoi(host, vector);
}

/* ExtINT is asked for by level, in lapic_has_interrupt(); other modes of LINT0 go by the edge. */
void lapics_set_extint(struct lapics *lapics, bool level)
{
	bool rises = level && !lapics->intr;

	lapics->intr = level;
	for (unsigned int i = 0; i < lapics->count && rises; i++) {
		struct lapic *lapic = &lapics->lapic[i];
		uint32_t lint0 = lapic->lvt[LVT_LINT0];

		if (takes_extint(lapic))
			wake_if_interrupted(lapic);
		else if (!(lint0 & LVT_MASKED) && delivery_mode(lint0) <= DELIVER_NMI)
			receive(lapic, delivery_mode(lint0), lint0, false);
	}
}

int lapic_take(struct lapics *lapics, unsigned int cpu)
{
	struct lapic *lapic = &lapics->lapic[cpu];
	uint8_t vector = highest_vector(lapic->irr);

	if (takes_extint(lapic)) {
		lapic->extint = false;
		return LAPIC_TAKE_EXTINT;
	}
	if (!takes_vector(lapic))
		return lapic->svr & SVR_VECTOR;
	assign_vector(lapic->irr, vector, false);
	assign_vector(lapic->isr, vector, true);
	return vector;
}

/* MOV to CR8 clears the TPR's lower half; a CR8 that has not been written leaves it. */
void lapic_set_tpr(struct lapics *lapics, unsigned int cpu, uint8_t cr8)
{
	if (cr8 != lapic_get_tpr(lapics, cpu))
		lapics->lapic[cpu].tpr = cr8 << 4;
}

uint8_t lapic_get_tpr(const struct lapics *lapics, unsigned int cpu)
{
	return lapics->lapic[cpu].tpr >> 4;
}

void lapic_set_base(struct lapics *lapics, unsigned int cpu, uint64_t base)
{
	struct lapic *lapic = &lapics->lapic[cpu];
	bool before = lapic->enabled;

	if (before && !(base & BASE_ENABLED))
		lapic_reset(lapic);
	lapic->enabled = base & BASE_ENABLED;
	if (!before && lapic->enabled)
		lapic_accepts(lapic);
}

void lapics_init(struct lapics *lapics, unsigned int cpus, struct timers *timers, struct lapic_host *host)
{
	*lapics = (struct lapics){
		.device = {
			.name = "lapic",
			.range = { { SPACE_MEMORY, LAPIC_BASE, 0x1000, 4 } },
			.read = lapics_read,
			.write = lapics_write,
		},
		.count = cpus,
		.host = host,
	};
	for (unsigned int i = 0; i < cpus; i++) {
		struct lapic *lapic = &lapics->lapic[i];

		lapic->lapics = lapics;
		lapic->cpu = i;
		lapic->enabled = true;
		lapic_timer_init(&lapic->timer, timers, timer_tick);
		lapic_reset(lapic);
	}
}
