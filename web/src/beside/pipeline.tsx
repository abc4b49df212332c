// Two reports of the user's own code beside each other: stage by stage, and line by line.
import { Boundary } from '../kit/boundary.tsx'
import type { Report } from '../page-data.ts'
import { TimesBeside, thingsOf, timed } from './times.tsx'

interface Props {
  readonly before: Report
  readonly after: Report
  readonly titles: readonly [string, string]
}

export function StagesBeside({ before, after, titles }: Props) {
  const things = thingsOf(
    before.stages ?? [],
    after.stages ?? [],
    ({ name }) => name,
    ({ timeMs }) => timed(timeMs, null, null),
  )
  return (
    <section id="stages-beside" class="part" aria-labelledby="stages-beside-title">
      <h2 id="stages-beside-title">Stages, before and after</h2>
      <Boundary>
        <TimesBeside
          title="Which stage changed most?"
          what="stage"
          things={things}
          titles={titles}
          note="A stage is a part of the median, which has an interval; the part has none, so that a small change may be none."
        />
      </Boundary>
    </section>
  )
}

export function LinesBeside({ before, after, titles }: Props) {
  // A line moves when another is written above it: it is the same where file, function and text are.
  const nameOf = (report: Report) => {
    const texts = new Map(
      (report.pipeline?.sources ?? []).flatMap(({ file, lines }) =>
        lines.map(({ line, text }) => [`${file}:${line}`, text.trim()]),
      ),
    )
    return ({ file, line, function: name }: NonNullable<Report['lines']>[number]) => {
      const text = texts.get(`${file}:${line}`)
      return text === undefined ? `${file}:${line}` : `${name === null ? '' : `${name}: `}${text}`
    }
  }
  const named = (report: Report) => (report.lines ?? []).map((one) => ({ name: nameOf(report)(one), timeMs: one.timeMs }))
  const things = thingsOf(
    named(before),
    named(after),
    ({ name }) => name,
    ({ timeMs }) => timed(timeMs, null, null),
  )
  return (
    <section id="lines-beside" class="part" aria-labelledby="lines-beside-title">
      <h2 id="lines-beside-title">Lines, before and after</h2>
      <Boundary>
        {things.length === 0 ? (
          <p class="soft">Neither of them has hot lines.</p>
        ) : (
          <TimesBeside
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
