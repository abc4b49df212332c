// Two reports of the user's own code side by side: stage by stage, and line by line.
import { Boundary } from '../kit/boundary.tsx'
import type { Report } from '../page-data.ts'
import { thingsOf, timeInterval } from './compare.ts'
import { PairedTimes } from './times.tsx'

interface Props {
  readonly before: Report
  readonly after: Report
  readonly titles: readonly [string, string]
}

export function PairedStages({ before, after, titles }: Props) {
  const things = thingsOf(
    before.stages ?? [],
    after.stages ?? [],
    ({ name }) => name,
    ({ timeMs }) => timeInterval(timeMs, null, null),
  )
  return (
    <section id="stages-beside" class="part" aria-labelledby="stages-beside-title">
      <h2 id="stages-beside-title">Stages, before and after</h2>
      <Boundary>
        <PairedTimes
          title="Which stage changed most?"
          what="stage"
          things={things}
          titles={titles}
          note="A stage has no interval of its own, so a small change may be noise."
        />
      </Boundary>
    </section>
  )
}

/** A line moves when another is written above it, and its file has another name: it is the same where function and text are, of several together. */
function timesByLine({ pipeline, lines }: Report): ReadonlyMap<string, number> {
  const texts = new Map(
    (pipeline?.sources ?? []).flatMap(({ file, lines: all }) => all.map(({ line, text }) => [`${file}:${line}`, text.trim()])),
  )
  const times = new Map<string, number>()
  for (const { file, line, function: name, timeMs } of lines ?? []) {
    const text = texts.get(`${file}:${line}`)
    const key = text === undefined ? `${file}:${line}` : `${name === null ? '' : `${name}: `}${text}`
    times.set(key, (times.get(key) ?? 0) + timeMs)
  }
  return times
}

export function PairedLines({ before, after, titles }: Props) {
  const things = thingsOf(
    [...timesByLine(before)],
    [...timesByLine(after)],
    ([name]) => name,
    ([, timeMs]) => timeInterval(timeMs, null, null),
  )
  return (
    <section id="lines-beside" class="part" aria-labelledby="lines-beside-title">
      <h2 id="lines-beside-title">Lines, before and after</h2>
      <Boundary>
        {things.length === 0 ? (
          <p class="soft">Neither of them has hot lines.</p>
        ) : (
          <PairedTimes
            title="Which line changed most?"
            what="line"
            things={things}
            titles={titles}
            note="Of lines that are hot in one of them: one that is not there took too little to be among the other's, or is not in its source."
          />
        )}
      </Boundary>
    </section>
  )
}
