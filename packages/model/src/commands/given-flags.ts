// The flags by which a run was told of its inputs and its engine, for the commands that its report suggests.
import { DEFAULTS, PLACES, type WhyOptions } from '@whyslow/command/options.ts'
import type { Flag } from '../evidence/evidence.ts'

/** Options with one value that describe the inputs and the engine; most flags are called as they are. */
const TELLING = [
  ...(['data', 'labels', 'pictures', 'batch', 'signature', 'threads', 'engine'] as const),
  ...PLACES,
  'graphOptimization' as const,
]

const FLAG_NAMES: Partial<Record<(typeof TELLING)[number], string>> = { pictures: '--image-preprocessing' }

/** What was given of the inputs and the engine, as flags of the command line. */
export function flagsOf(options: WhyOptions): readonly Flag[] {
  const several = (flag: string, entries: Iterable<readonly [string, unknown]>) =>
    [...entries].map(([name, value]) => ({ flag, value: `${name}=${value}` }))
  return [
    ...several(
      '--shape',
      [...options.shapes].map(([name, shape]) => [name, shape.join('x')]),
    ),
    ...several('--value', options.values),
    ...TELLING.filter((name) => options[name] !== DEFAULTS[name]).map((name) => ({
      flag: FLAG_NAMES[name] ?? `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      value: String(options[name]),
    })),
    ...several('--session-config', Object.entries(options.configEntries)),
  ]
}
