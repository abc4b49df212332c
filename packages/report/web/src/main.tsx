// Begins: reads what the page was given and draws it.
import { render } from 'preact'
import './style/page.css'
import { App } from './app.tsx'
import { embeddedData } from './embedded.ts'
import { Unreadable } from './frame.tsx'
import { connect } from './live.ts'
import { setTheme, theme } from './place.ts'

const root = document.getElementById('page')!
setTheme(theme.value)

embeddedData()
  .then((given) => {
    render(<App given={given} />, root)
    return given === null ? connect() : undefined
  })
  .catch((error: unknown) => render(<Unreadable reason={error instanceof Error ? error.message : String(error)} />, root))

// What is folded is part of what is printed, but for the long tables.
addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll('details')) details.open = !details.matches('.numbers, .menu')
})
