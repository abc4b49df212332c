// Engines of this machine that `fix` may ship in place of the measured one. Each is looked for in a process of its own, and by `fix` alone.
import { compilableOf } from '../../compile/read/index.ts'
import { engines } from '../../engines/index.ts'
import type { Engine } from '../../engines/types.ts'
import type { Model } from '../../graph/model.ts'
import { describeEngine } from '../../measure/describe-engine.ts'
import { remedies } from '../../remedies/index.ts'
import type { OtherEngine } from '../../rewrite/remedy.ts'
import { placesOf } from '../run.ts'
import type { FixOptions } from './options.ts'

const CHOICES = remedies.filter(({ kind }) => kind === 'engine')

/** None where no remedy of them is asked for. */
export async function otherEngines(options: FixOptions, model: Model): Promise<readonly OtherEngine[]> {
  const { only, goal, modelAlone, engine: measured, engines: wanted, trials, signal } = options
  if (!CHOICES.some(({ id, goals }) => (only?.includes(id) ?? true) && goals.includes(goal))) return []
  // A model alone says nothing of what runs it.
  if (modelAlone) return []
  const others = engines.filter((one) => one.id !== measured && isChoice(one, options, model))
  const found: OtherEngine[] = []
  /** By package, whether the first engine that it brings is here: the others differ in their precision alone. */
  const firstIsHere = new Map<string, boolean>()
  for (const one of others) {
    if (firstIsHere.get(one.package) === false) continue
    const here = await describeEngine(trials.run, one.id, placesOf(options), signal)
    if (!firstIsHere.has(one.package)) firstIsHere.set(one.package, here.ok)
    if (!here.ok) continue
    const refused = wanted === null || wanted.includes(one.id) ? null : `${one.id} is not among --engines`
    const other = { id: one.id, version: here.version, name: nameOf(one, here.version), effect: effectOf(one), refused }
    found.push(one.offers.includes('generated') ? { ...other, ...generatedFor(one, model) } : other)
  }
  return found
}

const generatedFor = ({ formats }: Engine, { source }: Model): Partial<OtherEngine> =>
  formats.includes(source.format) ? { generated: true, opens: 'source' } : { generated: true }

/** What is written for a model takes only some, and has a remedy of its own. */
function isChoice({ offers }: Engine, { only }: FixOptions, model: Model): boolean {
  const asked = (id: string) => only?.includes(id) ?? true
  if (offers.includes('alternative')) return asked('engine-choice')
  return offers.includes('generated') && asked('compile') && compilableOf(model).ok
}

const nameOf = ({ id, runtime = id, precision }: Engine, version: string): string =>
  `${runtime} ${version}${precision === undefined ? '' : ` in ${precision}`}`

const effectOf = ({ precision }: Engine): OtherEngine['effect'] =>
  precision === undefined || precision === 'float32' ? 'rounding' : 'approximate'
