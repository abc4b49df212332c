// Named thresholds, changed by a tenth: does a test notice (mutants.mjs)? A threshold that no test notices could be anything.

/** Folders and files whose thresholds decide what whyslow reports and keeps. */
export const FOLDERS = [
  'packages/measure/src/statistics',
  'packages/code/src/turns/compare-values.ts',
  'packages/code/src/turns/compare-outputs.ts',
  'packages/code/src/gap',
  'packages/diagnosis/src',
  'packages/model/src/diagnose',
  'packages/traces/src/rule.ts',
  'packages/traces/src/rules',
  // What these rules decide on; the others in the room bound work and memory.
  ...['device-facts', 'facts-of', 'function-facts', 'operator-rows', 'token-facts', 'window'].map(
    (name) => `packages/traces/src/facts/${name}.ts`,
  ),
  'packages/code/src/rules',
  'packages/serving/src/load/rules',
  'packages/generation/src/rules',
  'packages/generation/src/texts/rules',
  'packages/generation/src/prove',
  'packages/model/src/tune',
]

const CONSTANT = /^(?:export )?const ([A-Z][A-Z0-9_]*)(?:: [^=\n]+)? = (.+)$/gm
const NUMBER = /^-?[0-9][0-9_.e*/ +-]*$/
/** A table on one line, without texts: `{ python: 100, javascript: 10_000 } as const`. */
const TABLE = /^\{ [^'"`{}]+ \}(?: as const)?$/
const ENTRY = /([A-Za-z]\w*): (-?[0-9][0-9_.e*/ +-]*?)(?=,| \})/g

/** Constants at the top of a file whose value is arithmetic of numbers, by itself or in a table ('LEAST.python'). */
export const thresholdsOf = (source) => placesOf(source).map(({ name, value }) => ({ name, value }))

/** Constants with the place where each value is written; zero is left out, since a tenth of it is nothing. */
function placesOf(source) {
  const all = [...source.matchAll(CONSTANT)].flatMap(({ 0: line, 1: name, 2: text, index }) => {
    const at = index + line.length - text.length
    if (NUMBER.test(text)) return [{ name, at, text }]
    const entries = TABLE.test(text) ? [...text.matchAll(ENTRY)] : []
    return entries.map(([, key, one], nth) => ({
      name: `${name}.${key}`,
      at: at + entries[nth].index + key.length + 2,
      text: one,
    }))
  })
  return all.map((one) => ({ ...one, value: numberOf(one.text) })).filter(({ value }) => value !== 0)
}

/** The pattern lets nothing through but digits and operators. */
const numberOf = (text) => Number(new Function(`return ${text}`)())

/** A tenth of a count below 20 is less than one, which no comparison of whole numbers notices: it changes by one. */
export function changed(value, factor) {
  if (!Number.isInteger(value) || Math.abs(value) >= 20) return value * factor
  return factor > 1 ? value + 1 : value - 1
}

export function withChanged(source, name, factor) {
  const place = placesOf(source).find((one) => one.name === name)
  if (place === undefined) return source
  return `${source.slice(0, place.at)}${changed(place.value, factor)}${source.slice(place.at + place.text.length)}`
}

/** A plugin of Vite that changes the threshold WHYSLOW_MUTANT names while its file is read: 'packages/model/src/tune/judge.ts LEVEL 0.9'. */
export const mutantPlugin = {
  name: 'mutant',
  enforce: 'pre',
  transform(code, id) {
    const [path, name, factor] = process.env.WHYSLOW_MUTANT?.split(' ') ?? []
    return path !== undefined && id.endsWith(`/${path}`) ? withChanged(code, name, Number(factor)) : undefined
  },
}
