// What is imported before the first prediction: seconds for frameworks, of which often a part alone is used.
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule } from '../rule.ts'

/** A start that a person notices. */
const FROM_MS = 1000
/** Share of the start, loading included; or of a script's run. */
const FROM_SHARE = 0.3
/** Share of the imports that is worth naming, and how many are named. */
const LARGE = 0.2
const MOST = 3

export const importTime = defineRule({
  id: 'import-time',
  area: 'software',
  title: 'Imports take most of the start',
  needs: [],
  check({ language, latency: { importMs, loadMs, p50Ms }, imports, file, target }) {
    const isScript = target.kind === 'script'
    // Node tells nothing of what a script imports.
    if (isScript && language === 'javascript') return 'does-not-apply'
    const start = isScript ? p50Ms : importMs + (loadMs ?? 0)
    if (importMs < FROM_MS || importMs < FROM_SHARE * start) return []
    const named = imports.filter(({ totalMs }) => totalMs >= importMs * LARGE).slice(0, MOST)
    const which = named.map(({ module, totalMs }) => tell`${module} ${ms(`import-of-${module}`, totalMs)}`)
    const list = which.reduce((all, one, at) => tell`${all}${at === 0 ? '' : ', '}${one}`, tell``)
    return [
      {
        ...tell`Importing takes ${ms('imports', importMs)}${
          isScript ? tell`, ${share('share', importMs / p50Ms)} of the run` : ' before the first prediction'
        }${named.length === 0 ? '' : tell` (${list})`}. Every new
          process pays it: if only some calls need a module, import it in those.`,
        ...(isScript ? { title: 'Imports take much of the run' } : {}),
        timeMs: isScript ? importMs : 0,
        wouldSaveMs: 0,
        basis: 'modelled',
        places: [{ file, line: named[0]?.line ?? 1, function: null }],
      },
    ]
  },
})
