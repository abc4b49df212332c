// Finds what the documents say of how long something ran, and the recorded run (bench/results/) that each such number is taken from.

/** A piece of a page: a paragraph, an item of a list, a table with the line behind it, or what stands between ``` marks. */
export interface Block {
  /** Counted from 1. */
  readonly line: number
  readonly text: string
  /** What a command printed. */
  readonly isScreen: boolean
  /** Of a screen: the line above it, where that names a run. */
  readonly above: string
}

const FENCE = /^\s*```/
const STARTS_BLOCK = /^\s*([-*+]|\d+\.|#+)(\s|$)/
const ALONE = /^<!-- run: [^>]*-->$/

export function blocksOf(page: string): Block[] {
  const blocks: Block[] = []
  let lines: string[] = []
  let isScreen = false
  let above = ''
  const close = (end: number) => {
    if (lines.length > 0) blocks.push({ line: end - lines.length + 1, text: lines.join('\n'), isScreen, above })
    lines = []
  }
  const all = page.split('\n')
  for (const [at, line] of all.entries()) {
    if (FENCE.test(line)) {
      const isNamed = !isScreen && ALONE.test(lines.at(-1) ?? '')
      const named = isNamed ? lines.pop()! : ''
      close(isNamed ? at - 1 : at)
      above = named
      isScreen = !isScreen
    } else if (isScreen) lines.push(line)
    else {
      if (line.trim() === '' || STARTS_BLOCK.test(line)) close(at)
      if (line.trim() !== '') lines.push(line)
    }
  }
  close(all.length)
  return blocks
}

const NUMBER = String.raw`\d+(?:,\d{3})*(?:\.\d+)?`
const DECIMAL = String.raw`\d+\.\d+`
/** No digit of a name, a version ('ONNX Runtime 1.30', 'opset 14'), or a size such as 3×3 or 1 x 3. */
const START = String.raw`(?<![\w.,/×-]|\d [x×] |[Rr]untime(?:-\w+)? )`
/** '2.7', '2.7 to 3.4', '188–290', '31 or 62', '0.29, 0.4 and 0.48'. */
const some = (one: string) => String.raw`${START}(?:${one}\s*(?:–|to|or|and|against|,)\s*)*${one}`
const INTERVAL = String.raw`(?:\s\(${NUMBER}(?:–|\s+to\s+)${NUMBER}\))?`
const pattern = (text: string) => new RegExp(text, 'g')

/** Whole milliseconds and seconds are limits and budgets unless the sentence is about a run that is over. */
const ALWAYS: readonly RegExp[] = [
  pattern(String.raw`${some(NUMBER)}\s+(?:ns|µs)(?!\w)${INTERVAL}`),
  pattern(String.raw`${some(NUMBER)}\s+(?:ms|s)(?!\w)(?<=\d\.\d+\s+m?s)${INTERVAL}`),
  pattern(
    String.raw`${some(NUMBER)}\s+times\s+(?:as\s+(?:fast|long|slow|quick)|faster|slower|longer|quicker|less\s+CPU)\b${INTERVAL}`,
  ),
  pattern(String.raw`${some(NUMBER)}×(?!\s*\d)`),
  pattern(String.raw`${some(NUMBER)}(?:\s+times)?\s+\(${NUMBER}(?:–|\s+to\s+)${NUMBER}\)`),
  pattern(String.raw`${some(DECIMAL)}\s+of\s+(?:the|its|their)\s+time\b`),
  pattern(String.raw`${START}0\.\d+\s*(?:–|to)\s*\d+\.\d+`),
  pattern(String.raw`${some(NUMBER)}\s*%\s+(?:faster|slower|longer|quicker)\b`),
  pattern(String.raw`${NUMBER}\s+s\s+and\s+${NUMBER}\s+[MG]i?B(?!\w)`),
  pattern(String.raw`${some(NUMBER)}\s+times\s+its\s+size\b`),
  pattern(String.raw`${START}${NUMBER}\s+of\s+${NUMBER}\s+(?:planted|architectures|exports)\b`),
  pattern(String.raw`(?:busy|idle|median\s+error|the\s+truth\s+in)\s+${NUMBER}\s*%`),
  pattern(String.raw`${START}(?:${DECIMAL},\s){2,}${DECIMAL}`),
  pattern(String.raw`${some(NUMBER)}\s+(?:requests|images|pictures|predictions|rows|[KMGT]i?B|[KMGT]?FLOP)/s(?!\w)`),
]
const OF_THE_PAST =
  /\b(?:took|became|needed|peaked)\b|\bon (?:an? |\w+ )?(?:busy )?(?:CPUs?|cores|virtual machine|machine with|AMD|Intel)\b/
const IN_THE_PAST: readonly RegExp[] = [
  pattern(String.raw`${START}\d*\.\d+(?![\w.]|\s*%)`),
  // No size of an input: '30 s of sound', 'in 1 GB'.
  pattern(String.raw`(?<!\bin )${some(NUMBER)}\s+(?:ms|s|seconds|minutes|[KMG]i?B)(?!\w| of (?!CPU)| in )`),
]
/** A screen is what a run printed when it shows a time or a ratio: a command line has '20ms', without the space. */
const ON_SCREEN = /\d\s(?:ns|µs|ms)(?!\w)|\d×|^\s*(?:ns|µs|ms)\s/m

export interface Found {
  /** As typed: '0.25 to 0.56', '31 or 62 µs'. */
  readonly text: string
  readonly at: number
}

/** Everything that is no prose gives way to as many spaces: code, comments, where links lead. */
const prose = (text: string) => blank(text, /`[^`]*`|<!--[\s\S]*?-->|\]\([^)]*\)/g)
const blank = (text: string, what: RegExp) => text.replace(what, (found) => found.replace(/[^\n]/g, ' '))

/** Results of runs in a block of prose, in their order. */
export function resultsIn(text: string): Found[] {
  const plain = prose(text)
  const spans = ALWAYS.flatMap((one) => [...plain.matchAll(one)].map(({ index, 0: found }) => [index, index + found.length]))
  for (const sentence of plain.matchAll(/[^\s|](?:[^.|]|[.](?!\s|$))*/g)) {
    if (!OF_THE_PAST.test(sentence[0])) continue
    for (const one of IN_THE_PAST)
      for (const { index, 0: found } of sentence[0].matchAll(one))
        spans.push([sentence.index + index, sentence.index + index + found.length])
  }
  spans.sort(([a], [b]) => a! - b!)
  const merged: number[][] = []
  for (const [from, to] of spans as [number, number][]) {
    const last = merged.at(-1)
    if (last !== undefined && from < last[1]!) last[1] = Math.max(last[1]!, to)
    else merged.push([from, to])
  }
  return merged.map(([from, to]) => ({ text: plain.slice(from, to).replace(/\s+/g, ' '), at: from! }))
}

export const showsARun = ({ text, isScreen }: Block): boolean => isScreen && ON_SCREEN.test(text)

/** A value of a result file: numbers, alone, in lists and under names; the lines of a screen. */
export type Value = number | string | readonly Value[] | { readonly [name: string]: Value }

export interface Result {
  readonly values: { readonly [name: string]: Value }
}

/** `<!-- run: FILE KEY KEY -->` names the values of bench/results/FILE.json that the numbers before it, in their order, were taken from. */
const CITATION = /<!-- run: ([\w.-]+)((?: [\w.-]+)*?) -->/g

interface Citation {
  readonly file: string
  readonly keys: readonly string[]
  readonly at: number
}

export function citationsIn(text: string): Citation[] {
  return [...blank(text, /`[^`]*`/g).matchAll(CITATION)].map(({ index, 1: file, 2: keys }) => ({
    file: file!,
    keys: keys!.trim().split(' ').filter(Boolean),
    at: index,
  }))
}

/** What is wrong with a page: results without a citation, and others than the cited values. `isResult` leaves numbers out. */
export function problemsOf(page: string, results: ReadonlyMap<string, Result>, isResult: (text: string) => boolean): string[] {
  return blocksOf(page).flatMap((block) => {
    if (showsARun(block)) return screenProblems(block, results).map((problem) => `line ${block.line}: ${problem}`)
    return block.isScreen ? [] : proseProblems(block.text, results, isResult).map((problem) => `line ${block.line}: ${problem}`)
  })
}

function screenProblems({ text, above }: Block, results: ReadonlyMap<string, Result>): string[] {
  const [citation] = citationsIn(above)
  if (citation === undefined) return [`no run is named above the screen "${text.trim().split('\n')[0]}"`]
  const cited = valuesOf(citation, results)
  if (typeof cited === 'string') return [cited]
  return cited.map(({ value }) => value).join('\n') === text ? [] : [`the screen is not that of ${citation.file}`]
}

function proseProblems(text: string, results: ReadonlyMap<string, Result>, isResult: (text: string) => boolean): string[] {
  const found = resultsIn(text).filter((one) => isResult(one.text))
  const citations = citationsIn(text)
  let from = 0
  const problems = citations.flatMap((citation) => {
    const typed = found.filter(({ at }) => at >= from && at < citation.at).flatMap((one) => numbersOf(one.text))
    from = citation.at
    const cited = valuesOf(citation, results)
    if (typeof cited === 'string') return [cited]
    if (typed.length !== cited.length) {
      const names = cited.map(({ path }) => path).join(', ')
      return [
        `${citation.file}: ${cited.length} values (${names}) for ${typed.length} numbers (${typed.map(sayTyped).join(', ')})`,
      ]
    }
    return cited.flatMap((one, at) =>
      isSame(typed[at]!, one) ? [] : [`${sayTyped(typed[at]!)} is typed, ${sayCited(one)} was measured`],
    )
  })
  return [...problems, ...found.filter(({ at }) => at >= from).map((one) => `no run is named for ${one.text}`)]
}

interface Typed {
  readonly digits: string
  readonly unit: string | null
}

interface Cited {
  readonly path: string
  readonly value: number | string
}

const sayTyped = ({ digits, unit }: Typed) => (unit === null ? digits : `${digits} ${unit}`)
const sayCited = ({ path, value }: Cited) => `${path} ${value}`

const UNITS: Readonly<Record<string, number>> = { ns: 1e-9, µs: 1e-6, ms: 1e-3, s: 1, MB: 1e6, GB: 1e9 }
/** The unit that a name ends in: 'p50Ms', 'peakMB'. */
const NAMED_UNIT = /(?<=[a-z0-9])(Ns|Us|Ms|S|MB|GB)(?:\.\d+)*$/
const unitOf = (path: string) => {
  const named = NAMED_UNIT.exec(path)?.[1]
  return named === undefined ? null : named.endsWith('B') ? named : named.toLowerCase().replace('us', 'µs')
}

/** '0.63 s and 74 MB': each has its unit; '31 or 62 µs': the one that follows. */
export function numbersOf(text: string): Typed[] {
  const typed = [...text.matchAll(new RegExp(String.raw`(${NUMBER})(?:\s+(ns|µs|ms|s|MB|GB)(?!\w))?`, 'g'))]
  return typed.map(([, digits, unit], at) => ({
    digits: digits!.replaceAll(',', ''),
    unit:
      unit ??
      typed.slice(at).find((one) => one[2] !== undefined)?.[2] ??
      typed.findLast((one) => one[2] !== undefined)?.[2] ??
      null,
  }))
}

/** Equal when the value is rounded to as many digits as are typed. */
function isSame({ digits, unit }: Typed, { path, value }: Cited): boolean {
  if (typeof value === 'string') return false
  const measuredIn = unitOf(path)
  if ((unit === null) !== (measuredIn === null)) return false
  const factor = unit === null ? 1 : UNITS[measuredIn!]! / UNITS[unit]!
  const last = 10 ** -(digits.split('.')[1]?.length ?? 0)
  return Math.abs(value * factor - Number(digits)) <= (last / 2) * (1 + 1e-9)
}

/** The values under a citation's keys in their order, or what is wrong with it. */
function valuesOf({ file, keys }: Citation, results: ReadonlyMap<string, Result>): Cited[] | string {
  const result = results.get(file)
  if (result === undefined) return `bench/results/${file}.json does not exist`
  const found: Cited[] = []
  for (const key of keys) {
    const value = key.split('.').reduce<Value | undefined>(within, result.values)
    if (value === undefined) return `bench/results/${file}.json has no ${key}`
    found.push(...leaves(key, value))
  }
  return found.length > 0 ? found : `${file}: no key is named`
}

const within = (value: Value | undefined, name: string): Value | undefined =>
  typeof value === 'object' ? (value as Readonly<Record<string, Value>>)[name] : undefined

function leaves(path: string, value: Value): Cited[] {
  if (typeof value !== 'object') return [{ path, value }]
  return Object.entries(value).flatMap(([name, one]) => leaves(`${path}.${name}`, one))
}
