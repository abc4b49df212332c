// Named thresholds, changed by a tenth: does a test notice (mutants.mjs)? A threshold that no test notices could be anything.

/** Folders whose thresholds decide what whyslow reports and keeps. */
export const FOLDERS = ['src/diagnose', 'src/pipeline/rules', 'src/load/rules', 'src/tune']

const THRESHOLD = /^(?:export )?const ([A-Z][A-Z0-9_]*)(?:: number)? = (-?[0-9][0-9_.e*/ +-]*)$/gm

/** Constants at the top of a file whose value is arithmetic of numbers; zero is left out, since a tenth of it is nothing. */
export function thresholdsOf(source) {
  const all = [...source.matchAll(THRESHOLD)].map(([, name, text]) => ({ name, value: numberOf(text) }))
  return all.filter(({ value }) => value !== 0)
}

/** The pattern lets nothing through but digits and operators. */
const numberOf = (text) => Number(new Function(`return ${text}`)())

/** A tenth of a count below 20 is less than one, which no comparison of whole numbers notices: it changes by one. */
export function changed(value, factor) {
  if (!Number.isInteger(value) || Math.abs(value) >= 20) return value * factor
  return factor > 1 ? value + 1 : value - 1
}

export function withChanged(source, name, factor) {
  return source.replace(THRESHOLD, (whole, one, text) =>
    one === name ? `${whole.slice(0, whole.length - text.length)}${changed(numberOf(text), factor)}` : whole,
  )
}

/** Plugins of Vite that change the threshold `asked` names while its file is read: 'src/tune/judge.ts LEVEL 0.9'. */
export function mutantPlugins(asked) {
  if (asked === undefined) return []
  const [path, name, factor] = asked.split(' ')
  const transform = (code, id) => (id.endsWith(`/${path}`) ? withChanged(code, name, Number(factor)) : undefined)
  return [{ name: 'mutant', enforce: 'pre', transform }]
}
