// Why an application is slower than a benchmark, in words: one sentence of the whole, and what each rung says of its difference.

import { time } from '@whyslow/measure/statistics/numbers.ts'
import type { GapDocument, GapRungId } from '../../documents/gap.ts'

const CAUSES: Readonly<Record<GapRungId, string>> = {
  app: '',
  'app-again': '',
  'loop-still': 'what else runs on the event loop',
  'sessions-still': 'a second session',
  'threads-still': 'other threads',
  'no-gap': 'the gap between calls',
  'same-inputs': 'fresh inputs',
  'predict-alone': 'what stands around predict',
  'one-input': 'inputs that change',
  'model-alone': '',
}

/** Rungs that were not climbed, as a list of reasons names them. */
export const gapLeftOut = ({ left = [] }: Pick<GapDocument, 'left'>): { readonly name: string; readonly reason: string }[] =>
  left.map(({ id, reason }) => ({ name: id === 'model-alone' ? 'the model alone' : CAUSES[id], reason }))

/** What matters, then what stays between the application's last rung and the model alone. Pure. */
export function gapAnswer({ rungs, unexplainedMs = null }: Pick<GapDocument, 'rungs' | 'unexplainedMs'>): string {
  const [first, last] = [rungs[0]!.timeMs, rungs.at(-1)!]
  const isModel = last.id === 'model-alone'
  const foot = isModel ? `the model alone takes ${time(last.timeMs)}` : `${time(last.timeMs)} as a benchmark does`
  const both = `A call takes ${time(first)} as an application makes it, and ${foot}`
  const matter = rungs.filter(({ matters }) => matters).sort((a, b) => Math.abs(b.savedMs!) - Math.abs(a.savedMs!))
  const said = matter.map(({ id, savedMs }) => `${CAUSES[id]} ${savedMs! < 0 ? 'saves' : 'costs'} ${time(Math.abs(savedMs!))}`)
  const why = said.length === 0 ? 'no single difference between them is larger than the noise' : said.join(', ')
  return [`${both}: ${why}.`, ...(unexplainedMs === null ? [] : [unexplained(last, unexplainedMs)])].join(' ')
}

function unexplained({ ratioLow, ratioHigh }: GapDocument['rungs'][number], ms: number): string {
  const isSure = ratioLow !== null && ratioHigh !== null && (ratioLow > 1 || ratioHigh < 1)
  if (!isSure) return 'What stays between predict and the model alone is within the noise.'
  if (ms < 0) return `By itself the model takes ${time(-ms)} longer than predict does here, which nothing here explains.`
  return `${time(ms)} of predict stays unexplained.`
}

/** What a rung says of its difference, in a word. Pure. */
export function gapOutcome({ id, matters }: Pick<GapDocument['rungs'][number], 'id' | 'matters'>): string {
  if (id === 'app') return ''
  if (id === 'app-again') return 'noise'
  if (id === 'model-alone') return 'unexplained'
  return matters ? 'matters' : 'within the noise'
}
