import DefaultTheme from 'vitepress/theme-without-fonts'
import { h } from 'vue'
import './site.css'
import TableFilter from './TableFilter.vue'

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { 'doc-after': () => h(TableFilter) }),
}
