// The page while something is measured: the stages with what is known of them, and no percentage that nobody knows.
import { Frame } from './frame.tsx'
import { Sentence } from './kit/name.tsx'
import { live, stages, trouble } from './live.ts'

export function LivePage() {
  const done = stages.value
  return (
    <Frame of="measuring" facts={[]} sections={[]}>
      <section class="first live" aria-label="Progress">
        <h1 class="sentence">{trouble.value ?? (live.value === null ? 'Connecting to whyslow' : 'whyslow is measuring')}</h1>
        {trouble.value === null && (
          <p class="soft">This page gets progress between measurements, and is idle while predictions are timed.</p>
        )}
        <ol class="stages">
          {done.map(({ stage, done: count, of }, index) => (
            <li key={`${index} ${stage}`} class={index === done.length - 1 ? 'at-work' : 'done'}>
              <span aria-hidden="true">{index === done.length - 1 ? '…' : '✓'}</span> <Sentence text={stage} />
              {of > 1 && <span class="soft">{` ${Math.min(count, of)} of ${of}`}</span>}
            </li>
          ))}
        </ol>
      </section>
    </Frame>
  )
}

/** Above a page that is served: what is new, or that nothing comes any more. */
export function LiveLine() {
  const said = trouble.value ?? live.value?.ended ?? null
  if (said === null) return null
  return (
    <p class="live-line" role="status">
      {said}
    </p>
  )
}
