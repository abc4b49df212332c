// Findings of a generation: what it is, what it costs of a token and of the first one, where, and what to type.
import { nextOf } from '@whyslow/report/text/generation/generation-words.ts'
import { Advice } from '../first/advice.tsx'
import { Fine } from '../first/findings.tsx'
import { time } from '../format.ts'
import { NextCommand } from '../kit/copy.tsx'
import { Name, Says } from '../kit/name.tsx'
import type { Generation } from '../page-data.ts'

type Finding = Generation['findings'][number]

export function GenerationFindings({ generation }: { generation: Generation }) {
  return (
    <>
      <Found findings={generation.findings} />
      <Fine report={generation} />
    </>
  )
}

function Found({ findings }: Pick<Generation, 'findings'>) {
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
                <Says text={finding.title} />
              </h3>
              <p class="detail">
                <Says text={finding.sentence} />
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
              <Saving finding={finding} />
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

function Saving({ finding: { tokenMs, firstTokenMs, savingIs } }: { finding: Finding }) {
  const rows = [
    ...(tokenMs !== null && tokenMs > 0 ? [{ of: 'of a token', ms: tokenMs }] : []),
    ...(firstTokenMs !== null && firstTokenMs > 0 ? [{ of: 'of the first token', ms: firstTokenMs }] : []),
  ]
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
