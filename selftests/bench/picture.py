# SPDX-License-Identifier: GPL-2.0
"""The benchmark's picture: two bars for each row, on a log scale, with the ratio; gnuplot draws it."""
import subprocess

from figures import Key
from rows import ROWS

SCRIPT = """\
set terminal svg size 1000,{height} font "sans,12" noenhanced background "white"
set output "{output}"
set title "{title}"
set logscale x
set xlabel "instructions on the emulated CPU (log scale)"
set grid xtics
set xrange [100:{limit}]
set yrange [{rows}:-1]
set ytics ({tics}) scale 0
set key top right opaque
set lmargin 36
set style fill solid noborder
plot $rows using (($2+100)/2):($1-0.2):(100):2:($1-0.4):($1) with boxxyerror \\
         lc rgb "#b0b0b0" title "KVM", \\
     $rows using (($3+100)/2):($1+0.2):(100):3:($1):($1+0.4) with boxxyerror \\
         lc rgb "#2060b0" title "minivmx", \\
     $rows using (($2>$3?$2:$3)*1.15):1:4 with labels left notitle
"""


def draw(figures, mitigations, output):
    situation = "alone"
    # Bytes are no instructions.
    shown = [row for row in ROWS if row.name != "vm_memory" and
             figures.ratio(mitigations, situation, row.name) is not None]
    lines, tics = [], []
    largest = 0
    for place, row in enumerate(shown):
        kvm, ours = (figures.value(Key(mitigations, device, situation, row.name))
                     for device in ("kvm", "minivmx"))
        largest = max(largest, kvm, ours)
        lines.append(f"{place} {kvm} {ours} {figures.ratio(mitigations, situation, row.name):.2f}")
        tics.append(f'"{row.title}" {place}')
    script = "$rows << END\n" + "\n".join(lines) + "\nEND\n" + SCRIPT.format(
        height=120 + 26 * len(shown), output=output, limit=largest * 4, rows=len(shown),
        tics=", ".join(tics),
        title=f"minivmx and KVM, mitigations={mitigations}; the ratio is minivmx to KVM")
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
