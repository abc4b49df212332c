// What a rule of load sees: the points, and of a server that was started for a model also what it counted, and other set-ups of it.
import type {
  LoadAlternative,
  LoadAudit,
  LoadBeside,
  LoadFinding,
  LoadPoint,
  LoadSetup,
  LoadTarget,
} from '../report/documents/load.ts'

export interface LoadEvidence {
  /** At rates that were asked for. Those that a search tried are left out: it goes above what the server can on purpose. */
  readonly asked: readonly LoadPoint[]
  readonly audit: LoadAudit
  readonly target: Pick<LoadTarget, 'first' | 'inputs' | 'bodyBytes'>
  /** null: the server is not this program's own. */
  readonly setup: LoadSetup | null
  readonly alternatives: readonly LoadAlternative[]
  /** null: not tried. */
  readonly rawTensors: LoadBeside | null
}

export interface LoadRule {
  readonly id: string
  /** null: clear. */
  readonly check: (evidence: LoadEvidence) => Omit<LoadFinding, 'rule'> | null
}

export const defineLoadRule = (rule: LoadRule): LoadRule => rule
