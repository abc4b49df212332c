// The machine on a terminal: what was found out about it, and the roofs that were measured.

import { bytes, plural, rate } from '@whyslow/measure/statistics/numbers.ts'
import type { DoctorDocument } from '../documents/doctor.ts'
import type { MachineDescription } from '../documents/machine.ts'
import { engineSections } from './engines-text.ts'
import { labelLines, page, paper, type TerminalOptions, warningLines } from './page.ts'

const labelWidth = 14

/** Labelled facts, then one block for each thread count at which roofs were measured. Pure. */
export function renderMachine(machine: MachineDescription, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  return page([
    labelLines(machineFacts(machine), width, labelWidth),
    ...roofSections(machine, options),
    warningLines(machine.warnings ?? [], width, colours),
  ])
}

/** The same with whether the machine is quiet, which engines are installed and how to get the others. Pure. */
export function renderDoctor(document: DoctorDocument, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  const { disturbance } = document.others
  const quiet =
    disturbance === null ? 'yes: nothing else takes the CPUs' : `no: ${disturbance}; close other programs before you measure`
  return page([
    labelLines([...machineFacts(document), ['Quiet', quiet]], width, labelWidth),
    ...engineSections(document.engines, options),
    ...roofSections(document, options),
    warningLines(document.warnings ?? [], width, colours),
  ])
}

/** Each with its label. */
function machineFacts(machine: MachineDescription): [label: string, text: string][] {
  const caches = Object.entries(machine.caches).map(([level, size]) => `${level} ${size === null ? 'not known' : bytes(size)}`)
  const quota = machine.quotaCpus === null ? 'no quota' : `quota of ${Number(machine.quotaCpus.toFixed(2))} CPUs`
  const virtual = machine.virtualised === null ? 'not known' : machine.virtualised ? 'yes' : 'no'
  const facts: [string, string][] = [
    ['CPU', machine.cpu],
    ['Usable CPUs', `${machine.usableCpus ?? 'not known'}, ${quota}`],
    ['Memory', machine.memoryBytes === null ? 'not known' : bytes(machine.memoryBytes)],
    ['Caches', caches.length > 0 ? caches.join(', ') : 'not known'],
    ['Instructions', machine.isa.length > 0 ? machine.isa.join(', ') : 'none of those that matter'],
    ['Accelerators', machine.accelerators.length > 0 ? machine.accelerators.join(', ') : 'none that an installed engine can see'],
    ['Virtualised', virtual],
  ]
  const { engine } = machine
  if (engine !== null) facts.push(['Engine', `${engine.id} ${engine.version} on ${engine.device}`])
  return facts
}

/** One block for each thread count; a sentence if there are none. */
function roofSections(machine: MachineDescription, options: TerminalOptions): string[][] {
  const { width, colours } = paper(options)
  const roofs = machine.roofs.map(({ threads, flopsPerSecond, bytesPerSecond, elementsPerSecond, reasons }) => {
    const rates = Object.entries(flopsPerSecond).map(
      ([dtype, perSecond]) => [dtype, rate(perSecond, dtype.startsWith('float') ? 'FLOP' : 'OP')] as const,
    )
    const bandwidths = Object.entries(bytesPerSecond).map(
      ([level, perSecond]) =>
        [level, perSecond === null ? (reasons?.[level] ?? 'cannot be measured honestly') : rate(perSecond, 'B')] as const,
    )
    const functions = Object.entries(elementsPerSecond ?? {}).map(
      ([operator, perSecond]) => [operator.replace(/^.*:/, ''), rate(perSecond, 'element')] as const,
    )
    return [
      colours.bold(`Roofs measured with ${plural(threads, 'thread')}`),
      ...labelLines([...rates, ...bandwidths, ...functions], width, labelWidth),
    ]
  })
  return roofs.length > 0 ? roofs : [['No roofs were measured.']]
}
