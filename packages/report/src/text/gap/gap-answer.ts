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
  'predict-alone': 'the code around predict',
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
  const foot = isModel ? `the model alone takes ${time(last.timeMs)}` : `${time(last.timeMs)} in a benchmark`
  const both = `A call takes ${time(first)} in an application, and ${foot}`
  const matter = rungs.filter(({ matters }) => matters).sort((a, b) => Math.abs(b.savedMs!) - Math.abs(a.savedMs!))
  const said = matter.map(
    ({ id, savedMs }) => `${CAUSES[id]} ${savedMs! < 0 ? 'saves' : 'costs'} ${amountOf(Math.abs(savedMs!), first)}`,
  )
  const why = said.length === 0 ? 'no single difference between the two is larger than the noise' : said.join(', ')
  return [`${both}: ${why}.`, ...(unexplainedMs === null ? [] : [unexplained(last, unexplainedMs)])].join(' ')
}

/** Two rungs can differ by more than the first one takes, since each was measured for itself. */
const amountOf = (ms: number, wholeMs: number): string => (ms > wholeMs ? `nearly all of it (${time(wholeMs)})` : time(ms))

function unexplained({ ratioLow, ratioHigh }: GapDocument['rungs'][number], ms: number): string {
  const isSure = ratioLow !== null && ratioHigh !== null && (ratioLow > 1 || ratioHigh < 1)
  if (!isSure) return 'The rest, between predict and the model alone, is within the noise.'
  if (ms < 0) return `The model alone takes ${time(-ms)} longer than predict here, which is unexplained.`
  return `${time(ms)} of predict is unexplained.`
}

/** What a rung says of its difference, in a word. Pure. */
export function gapOutcome({ id, matters }: Pick<GapDocument['rungs'][number], 'id' | 'matters'>): string {
  if (id === 'app') return ''
  if (id === 'app-again') return 'noise'
  if (id === 'model-alone') return 'unexplained'
  return matters ? 'matters' : 'within the noise'
}
