// What all engines in the user's own Python have in common: a package that is looked for there, and a process that is asked.
import type { Engine } from '../types.ts'
import { openPython, type PythonPackages, pythonAvailability } from './python-session.ts'

type About = Pick<Engine, 'title' | 'formats' | 'offers' | 'runtime'> &
  Partial<Pick<Engine, 'id' | 'runs' | 'precision' | 'startMs'>>

/** `entries`: the configuration in place of the user's own, of which it hears what it lists in `packages`, or all if it lists none. */
export function pythonEngine(packages: PythonPackages, about: About, entries?: Readonly<Record<string, string>>): Engine {
  const { engine, distributions, install, configuration } = packages
  return {
    id: `python-${engine}`,
    runs: 'source',
    package: distributions[0]!,
    install,
    startMs: 15_000,
    ...about,
    available: (places) => pythonAvailability(packages, places),
    open(modelFile, options) {
      // In a comparison, other engines' entries may be among them.
      const own = Object.entries(options.configEntries).filter(([key]) => configuration === undefined || key in configuration)
      return openPython(engine, modelFile, { ...options, configEntries: entries ?? Object.fromEntries(own) })
    },
  }
}
