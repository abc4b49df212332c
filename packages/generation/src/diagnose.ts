// Runs the rules of generation over what was measured, and gives what they say as the document has it.
import { documentedCommand } from '@whyslow/diagnosis/documented-command.ts'
import type { NextCommand } from '@whyslow/diagnosis/next-command.ts'
import type { Finding } from '@whyslow/diagnosis/rule.ts'
import { notChecked, rank, rulesWith, runRules } from '@whyslow/diagnosis/run-rules.ts'
import type { GenerationDocument, GenerationFinding } from '@whyslow/report/documents/generation.ts'
import { type GenerationEvidence, type GenerationOutcome, generationEvidence } from './facts.ts'
import type { GenerationRule } from './rule.ts'
import { generationRules } from './rules/index.ts'

/** What the user chose for the measurement; null and absent: nothing. */
export interface MeasuredSetup {
  readonly engine?: string | null
  readonly dtype?: string | null
  /** A path. */
  readonly prompts?: string | null
  readonly python?: string | null
  readonly threads?: number | null
  readonly prefillThreads?: number | null
}

type Diagnosis = Pick<GenerationDocument, 'findings' | 'clear' | 'doesNotApply' | 'notChecked'>

/** Findings, the largest saving of a call first, and what became of all other rules. `model`: as the user named it, for the commands. */
export function diagnoseGeneration(outcome: GenerationOutcome, model: string, setup: MeasuredSetup = {}): Diagnosis {
  return diagnoseEvidence(generationEvidence(outcome), model, { setup })
}

export function diagnoseEvidence(
  evidence: GenerationEvidence,
  model: string,
  { rules = generationRules, setup = {} }: { readonly rules?: readonly GenerationRule[]; readonly setup?: MeasuredSetup } = {},
): Diagnosis {
  const verdicts = runRules(rules, evidence)
  return {
    findings: rank(verdicts).map((finding) => findingOf(finding, model, { isAddress: evidence.model.kind === 'address', setup })),
    clear: rulesWith('clear', verdicts),
    doesNotApply: rulesWith('does-not-apply', verdicts),
    notChecked: notChecked(verdicts),
  }
}

const FLAGS = {
  ...{ engine: '--engine', dtype: '--dtype', prompts: '--prompts', python: '--python', threads: '--threads' },
  prefillThreads: '--prefill-threads',
} as const satisfies Record<keyof MeasuredSetup, string>

/** The command with the flags that were given, as far as it has them and does not set them itself. */
function withSetup(next: NextCommand, setup: MeasuredSetup): NextCommand {
  const words = (Object.keys(FLAGS) as (keyof MeasuredSetup)[])
    .filter((key) => setup[key] != null && !next.words.includes(FLAGS[key]))
    // `fix` tries threads of the prompt itself.
    .filter((key) => key !== 'prefillThreads' || next.command === 'generate')
    .flatMap((key) => [FLAGS[key], String(setup[key])])
  return { ...next, words: [...next.words, ...words] }
}

/** What is behind an address, `fix` does not have. */
function findingOf(
  finding: Finding,
  model: string,
  { isAddress, setup }: { readonly isAddress: boolean; readonly setup: MeasuredSetup },
): GenerationFinding {
  const { rule, title, detail, wouldSaveMs, savingUnknown, savingByPart = {}, basis, nodes, places, next } = finding
  const [place] = places
  return {
    rule,
    title,
    sentence: savingUnknown === undefined ? detail : `${detail} What it would save is not known: ${savingUnknown}.`,
    tokenMs: savingByPart.token ?? null,
    firstTokenMs: savingByPart.firstToken ?? null,
    savingIs: wouldSaveMs === null ? 'unknown' : basis === 'measured' ? 'measured' : 'estimated',
    place: nodes[0] ?? (place === undefined ? null : `${place.file}:${place.line}`),
    run:
      next === null || (isAddress && next.command === 'fix')
        ? null
        : documentedCommand(withSetup(next, setup), { MODEL: model }).run,
  }
}
