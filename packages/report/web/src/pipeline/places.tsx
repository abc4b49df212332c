// Where in the user's code a finding is, and what can be pasted there.
import { factor, factorRange, plural, time } from '../format.ts'
import { Lines } from '../kit/lines.tsx'
import { Name, Sentence } from '../kit/name.tsx'
import type { Finding } from '../page-data.ts'
import type { Pipeline } from './facts.ts'
import { Listing, linesAround } from './listing.tsx'

/** Shown with their lines; the others by their names. */
const MOST_LISTED = 2
const MOST_PLACES = 12

export function Places({ finding: { places }, sources }: { finding: Finding; sources?: Pipeline['sources'] }) {
  if (places.length === 0) return null
  const shown = places.slice(0, MOST_PLACES)
  return (
    <div class="places">
      {shown.map(({ file, line, function: name }, index) => {
        const lines = index < MOST_LISTED ? linesAround(sources, file, line) : []
        return (
          <div key={index}>
            <p class="place-line">
              <Name text={`${file}:${line}`} most={100} />
              {name !== null && (
                <>
                  {' in '}
                  <Name text={name} most={60} />
                </>
              )}
            </p>
            {lines.length > 0 && <Listing file={file} lines={lines} marked={[line]} />}
          </div>
        )
      })}
      {places.length > shown.length && <p class="soft">and {plural(places.length - shown.length, 'more place')}.</p>}
    </div>
  )
}

type Proven = NonNullable<Finding['replacement']>

export function Replacement({ replacement }: { replacement: Proven }) {
  const { code, form, beforeMs, afterMs, factorLow, factorHigh, equal, on } = replacement
  return (
    <div class="replacement">
      <p>
        <b>In its place ({form}):</b> {factor(replacement.factor)} as fast ({factorRange(factorLow, factorHigh)}),{' '}
        {time(beforeMs)} → {time(afterMs)}, {equal === 'bits' ? 'equal bit for bit' : 'equal within rounding'} on{' '}
        <Sentence text={on} />
      </p>
      <Lines text={code.join('\n')} label="Lines to paste" />
    </div>
  )
}
