// SPDX-License-Identifier: GPL-2.0
/*
 * power_off.c - the guest's `power-off [STATUS]`: ends the machine, with STATUS where it takes one.
 *
 * Reached from tools/linux/init. Debian's cloud kernels have no /dev/port, so the status goes out
 * with OUT from here; where no debug exit listens at that port, the machine is powered off instead.
 */
#include <stdlib.h>
#include <sys/io.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

#define PORT_EXIT 0xf4		/* tools/devices/debug_ports.c */

int main(int argc, char **argv)
{
	sync();
	/* What the UART has not sent yet would be lost. */
	tcdrain(STDOUT_FILENO);
	if (argc > 1 && !ioperm(PORT_EXIT, 1, 1))
		outb(atoi(argv[1]), PORT_EXIT);
	reboot(RB_POWER_OFF);
	return 1;
}
