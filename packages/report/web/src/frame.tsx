// What stands around every document: whose page it is, of what and when, the theme, and what can be taken along.
import type { ComponentChildren } from 'preact'
import { Name } from './kit/name.tsx'
import { setTheme, type Theme, theme } from './place.ts'

export interface FrameProps {
  /** What the page is of: the model's file. */
  readonly of: string
  readonly facts: readonly string[]
  readonly actions?: ComponentChildren
  readonly sections: readonly { readonly id: string; readonly title: string }[]
  readonly children: ComponentChildren
}

export function Frame({ of, facts, actions, sections, children }: FrameProps) {
  return (
    <>
      <a class="skip" href="#main">
        To the answer
      </a>
      <header class="top">
        <p class="wordmark">
          why<b>slow</b>
        </p>
        <p class="of">
          <b>
            <Name text={of} most={80} />
          </b>
          {facts.map((fact) => (
            <span key={fact} class="soft">
              {' · '}
              <Name text={fact} most={60} />
            </span>
          ))}
        </p>
        <div class="actions">
          {actions}
          <ThemeSwitch />
        </div>
      </header>
      {sections.length > 1 && (
        <nav class="sections" aria-label="Parts of this page">
          <ul>
            {sections.map(({ id, title }) => (
              <li key={id}>
                <a href={`#at=${id}`}>{title}</a>
              </li>
            ))}
          </ul>
        </nav>
      )}
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  )
}

const NEXT: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' }
const WORDS: Readonly<Record<Theme, string>> = { system: 'System theme', light: 'Light', dark: 'Dark' }

function ThemeSwitch() {
  return (
    <button
      type="button"
      class="button theme"
      onClick={() => setTheme(NEXT[theme.value])}
      aria-label={`Colours: ${WORDS[theme.value]}. Change`}
    >
      <span aria-hidden="true">{theme.value === 'dark' ? '●' : theme.value === 'light' ? '○' : '◐'}</span> {WORDS[theme.value]}
    </button>
  )
}

/** Where the data cannot be read. */
export function Unreadable({ reason }: { reason: string }) {
  return (
    <main class="unreadable">
      <h1>This report cannot be shown</h1>
      <p>{reason}</p>
      <p>
        Write it again with <code>whyslow model.onnx --html report.html</code>, or open it in a newer browser.
      </p>
    </main>
  )
}
