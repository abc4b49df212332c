// Lines of the user's code, as they were when they ran, with the time of each. A stranger's text like any other: text nodes alone.
import { sharePercent, time } from '../format.ts'
import { escapeSteering } from '../kit/name.tsx'
import type { Pipeline } from './facts.ts'

export interface ListedTime {
  readonly line: number
  readonly timeMs: number
  readonly share: number
}

interface ListingProps {
  readonly file: string
  readonly lines: readonly { readonly line: number; readonly text: string }[]
  /** Times of lines that take time; [] if the listing is only of a place. */
  readonly times?: readonly ListedTime[]
  /** Lines that are spoken of. */
  readonly marked: readonly number[]
}

/** A gap in the numbers is drawn as one. */
export function Listing({ file, lines, times = [], marked }: ListingProps) {
  const timeOf = new Map(times.map((one) => [one.line, one]))
  const most = Math.max(0, ...times.map(({ share }) => share))
  const first = lines[0]?.line
  return (
    <div class="scroll listing" tabIndex={0} role="group" aria-label={`${escapeSteering(file)} from line ${first}`}>
      <table>
        <thead class="unseen">
          <tr>
            {times.length > 0 && <th scope="col">time</th>}
            <th scope="col">line</th>
            <th scope="col">code</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ line, text }, index) => {
            const spent = timeOf.get(line)
            const isGap = index > 0 && line > lines[index - 1]!.line + 1
            return (
              <tr key={line} class={`${marked.includes(line) ? 'marked' : ''}${isGap ? ' after-gap' : ''}`}>
                {times.length > 0 && (
                  <td class="spent">
                    {spent !== undefined && (
                      <>
                        <span
                          class="spent-bar"
                          aria-hidden="true"
                          style={{ width: `${most > 0 ? (spent.share / most) * 100 : 0}%` }}
                        />
                        <span class="spent-text">
                          {time(spent.timeMs)} <b>{sharePercent(spent.share)}</b>
                        </span>
                      </>
                    )}
                  </td>
                )}
                <th scope="row" class="line-number">
                  {line}
                </th>
                <td class="code-line">
                  <bdi>
                    <code translate={false}>{escapeSteering(text)}</code>
                  </bdi>
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

type Source = NonNullable<Pipeline['sources']>[number]

/** The lines around a place; [] where the document has none. */
export function linesAround(
  sources: readonly Source[] | null | undefined,
  file: string,
  line: number,
  many = 2,
): Source['lines'] {
  const own = sources?.find((one) => one.file === file)?.lines ?? []
  return own.filter((one) => Math.abs(one.line - line) <= many)
}
