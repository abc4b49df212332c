// A table of contestants, programs or machines, one a row; a wide one scrolls.
import type { ComponentChildren } from 'preact'

/** `heads`: of the columns; an empty one is a column without a head. `children`: the rows. */
export function RankingTable({
  label,
  heads,
  children,
}: {
  label: string
  heads: readonly ComponentChildren[]
  children: ComponentChildren
}) {
  return (
    <div class="scroll ranking" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {heads.map((head, index) =>
              head === '' ? (
                <td key={index} />
              ) : (
                <th key={index} scope="col">
                  {head}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}
