// Findings of a generation: what it is, what it costs of a token and of the first one, where, and what to type.
import { nextOf } from '@whyslow/report/text/divided/divided-words.ts'
import { Advice } from '../first/advice.tsx'
import { ClearRules } from '../first/findings.tsx'
import { time } from '../format.ts'
import { NextCommand } from '../kit/copy.tsx'
import { Name, Sentence } from '../kit/name.tsx'
import type { Generation } from '../page-data.ts'

type Finding = Generation['findings'][number]

export function GenerationFindings({ generation }: { generation: Generation }) {
  return (
    <>
      <FindingCards findings={generation.findings} savingsOf={savingsOf} />
      <ClearRules report={generation} />
    </>
  )
}

const savingsOf = ({ tokenMs, firstTokenMs }: Finding): readonly Saved[] => [
  { of: 'of a token', ms: tokenMs },
  { of: 'of the first token', ms: firstTokenMs },
]

interface Saved {
  readonly of: string
  readonly ms: number | null
}

/** What findings of texts and of tokens have in common. */
type Card = Pick<Finding, 'rule' | 'title' | 'sentence' | 'place' | 'run' | 'savingIs'>

export function FindingCards<F extends Card>({
  findings,
  savingsOf: savings,
}: {
  findings: readonly F[]
  savingsOf: (finding: F) => readonly Saved[]
}) {
  if (findings.length === 0) return <p class="after-sentence">No rule found a cause.</p>
  return (
    <section class="findings" aria-labelledby="findings">
      <h2 id="findings">What slows it down</h2>
      <ol class="cards">
        {findings.map((finding, index) => (
          <li key={index} class="finding edge-software">
            <div class="finding-text">
              <h3>
                <span class="rank">{index + 1}</span>
                <Sentence text={finding.title} />
              </h3>
              <p class="detail">
                <Sentence text={finding.sentence} />
              </p>
              {finding.place !== null && (
                <p class="soft">
                  at <Name text={finding.place} most={100} />
                </p>
              )}
              <Advice rule={finding.rule} isOpen={index === 0} />
              <Next run={nextOf(findings, index)} />
            </div>
            <div class="finding-side">
              <Saving savings={savings(finding)} savingIs={finding.savingIs} />
              <p class="soft">
                <code>{finding.rule}</code>
              </p>
            </div>
          </li>
        ))}
      </ol>
    </section>
  )
}

function Next({ run }: { run: Finding['run'] }) {
  return run === null ? null : <NextCommand lead="Next:" command={[run.command, ...run.arguments]} />
}

function Saving({ savings, savingIs }: { savings: readonly Saved[]; savingIs: Finding['savingIs'] }) {
  const rows = savings.flatMap(({ of, ms }) => (ms !== null && ms > 0 ? [{ of, ms }] : []))
  if (rows.length === 0) return null
  return (
    <div class="saving">
      <p class="label">{savingIs === 'measured' ? 'would save' : 'would save up to'}</p>
      {rows.map(({ of, ms }) => (
        <div key={of}>
          <p class="saving-number">{time(ms)}</p>
          <p>
            {of}{' '}
            <span class={`tag ${savingIs === 'measured' ? 'measured' : 'modelled'}`}>
              {savingIs === 'measured' ? 'measured' : 'estimated'}
            </span>
          </p>
        </div>
      ))}
    </div>
  )
}
