// The machine on a terminal: what was found out about it, and the roofs that were measured.
import picocolors from 'picocolors'
import type { MachineDescription } from '../documents/machine.ts'
import type { TerminalOptions } from './colours.ts'
import { bytes, rate } from './numbers.ts'
import { pad, wrap } from './wrap.ts'

const labelWidth = 14

/** Labelled facts, then one block for each thread count at which roofs were measured. Pure. */
export function renderMachine(machine: MachineDescription, options: TerminalOptions): string {
  const width = Math.max(40, options.width)
  const colours = picocolors.createColors(options.colour)
  const caches = Object.entries(machine.caches).map(([level, size]) => `${level} ${size === null ? 'not known' : bytes(size)}`)
  const quota = machine.quotaCpus === null ? 'no quota' : `quota of ${Number(machine.quotaCpus.toFixed(2))} CPUs`
  const virtual = machine.virtualised === null ? 'not known' : machine.virtualised ? 'yes' : 'no'
  const facts: [string, string][] = [
    ['CPU', machine.cpu],
    ['Usable CPUs', `${machine.usableCpus}, ${quota}`],
    ['Memory', bytes(machine.memoryBytes)],
    ['Caches', caches.length > 0 ? caches.join(', ') : 'not known'],
    ['Instructions', machine.isa.length > 0 ? machine.isa.join(', ') : 'none of those that matter'],
    ['Accelerators', machine.accelerators.length > 0 ? machine.accelerators.join(', ') : 'none that an installed engine can see'],
    ['Virtualised', virtual],
  ]
  const { engine } = machine
  if (engine !== null) facts.push(['Engine', `${engine.id} ${engine.version} on ${engine.device}`])
  const lines = facts.flatMap(([label, text]) => wrap(text, width, pad(label, labelWidth), ' '.repeat(labelWidth)))
  for (const roofs of machine.roofs) {
    lines.push('', colours.bold(`Roofs measured with ${roofs.threads} ${roofs.threads === 1 ? 'thread' : 'threads'}`))
    for (const [dtype, perSecond] of Object.entries(roofs.flopsPerSecond)) {
      lines.push(pad(dtype, labelWidth) + rate(perSecond, dtype.startsWith('float') ? 'FLOP' : 'OP'))
    }
    for (const [level, perSecond] of Object.entries(roofs.bytesPerSecond)) {
      const value = perSecond === null ? (roofs.reasons?.[level] ?? 'cannot be measured honestly') : rate(perSecond, 'B')
      lines.push(...wrap(value, width, pad(level, labelWidth), ' '.repeat(labelWidth)))
    }
  }
  if (machine.roofs.length === 0) lines.push('', 'No roofs were measured.')
  const warnings = (machine.warnings ?? []).flatMap((warning) => wrap(`Warning: ${warning}`, width, '', '  ').map(colours.yellow))
  if (warnings.length > 0) lines.push('', ...warnings)
  return `${lines.join('\n')}\n`
}
