// What a rule of load sees: the points, and of a server that was started for a model also what it counted, and other set-ups of it.
import { definerOf, type Rule, type WithAbsent } from '@whyslow/diagnosis/rule.ts'
import type {
  LoadAlternative,
  LoadBeside,
  LoadDocument,
  LoadParts,
  LoadPoint,
  LoadSetup,
  LoadTarget,
} from '@whyslow/report/documents/load.ts'
import type { LoadAudit } from '@whyslow/report/documents/load-audit.ts'

export interface LoadEvidence extends WithAbsent {
  readonly audit: LoadAudit
  readonly target: Pick<LoadTarget, 'first' | 'inputs' | 'bodyBytes'>
  /** Points at the rates that were given. undefined for a search: it goes above what the server can on purpose. */
  readonly asked?: readonly LoadPoint[]
  /** The highest rate that the server keeps up with and whose parts are known. */
  readonly parted?: LoadPoint & { readonly parts: LoadParts }
  /** undefined: the server is not this program's own. */
  readonly setup?: LoadSetup
  /** undefined: none was tried. */
  readonly alternatives?: readonly LoadAlternative[]
  /** undefined: not tried. */
  readonly rawTensors?: LoadBeside
}

/** What a run of `load` measured, as far as rules look at it. */
export type LoadOutcome = Pick<LoadDocument, 'search' | 'points' | 'audit' | 'setup' | 'alternatives' | 'rawTensors'> &
  Pick<LoadEvidence, 'target'>

const ABSENT = {
  asked: 'a search goes above what the server can do on purpose; give --rate',
  parted: 'no run that the server keeps up with reports what its answers are made of',
  setup: 'the server is not one that whyslow started',
  alternatives: 'no other set-up of the server was tried',
}

/** What the document holds that rules look at. */
export function loadEvidence({ search, points, audit, target, setup, alternatives = [], rawTensors }: LoadOutcome): LoadEvidence {
  const asked = search === null ? points : undefined
  const parted = asked?.findLast((one): one is LoadPoint & { parts: LoadParts } => !one.saturated && one.parts !== null)
  return {
    audit,
    target,
    ...(asked === undefined ? {} : { asked }),
    ...(parted === undefined ? {} : { parted }),
    ...(setup === null ? {} : { setup }),
    ...(alternatives.length === 0 ? {} : { alternatives }),
    ...(rawTensors === undefined ? {} : { rawTensors }),
    absent: asked === undefined ? { ...ABSENT, parted: ABSENT.asked } : ABSENT,
  }
}

export type LoadRule = Rule<LoadEvidence>

export const defineRule = definerOf<LoadEvidence>()
