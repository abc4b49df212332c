// Facts by their names, on a card, and what to be warned of.
import { Sentence } from './name.tsx'

/** null: it is not said. */
export type Fact = readonly [string, string | null]

export function Facts({ title, facts }: { title: string; facts: readonly Fact[] }) {
  return (
    <div class="card">
      <h3>{title}</h3>
      <FactList facts={facts} />
    </div>
  )
}

export function FactList({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) =>
        value === null ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Sentence text={value} />
            </dd>
          </div>
        ),
      )}
    </dl>
  )
}

export function Reasons({ reasons }: { reasons: readonly string[] }) {
  if (reasons.length === 0) return null
  return (
    <ul class="reasons">
      {reasons.map((reason) => (
        <li key={reason}>
          <Sentence text={reason} />
        </li>
      ))}
    </ul>
  )
}

export function Warnings({ warnings }: { warnings: readonly string[] }) {
  if (warnings.length === 0) return null
  return (
    <ul class="warnings">
      {warnings.map((warning) => (
        <li key={warning}>
          <b>Warning:</b> <Sentence text={warning} />
        </li>
      ))}
    </ul>
  )
}
