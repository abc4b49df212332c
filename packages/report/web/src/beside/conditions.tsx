// What differs in how two documents came about: a difference of their numbers may be its.
import { Name } from '../kit/name.tsx'

export interface Condition {
  readonly name: string
  readonly before: string
  readonly after: string
}

export function Conditions({ rows }: { rows: readonly Condition[] }) {
  const differing = rows.filter((row) => row.before !== row.after)
  return (
    <>
      <p class="says-line">
        {differing.length === 0
          ? 'Both were measured in the same way.'
          : `They differ in ${differing.map(({ name }) => name).join(', ')}.`}
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="How both were measured">
        <table>
          <thead>
            <tr>
              <th scope="col">what</th>
              <th scope="col">before</th>
              <th scope="col">after</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name} class={row.before === row.after ? undefined : 'differs'}>
                <th scope="row">{row.name}</th>
                <td>
                  <Name text={row.before} />
                </td>
                <td>
                  <Name text={row.after} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}
