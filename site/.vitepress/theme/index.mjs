import DefaultTheme from 'vitepress/theme-without-fonts'
import './style.css'
import './try.css'
import TryCurve from './TryCurve.vue'
import TryText from './TryText.vue'

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('TryText', TryText)
    app.component('TryCurve', TryCurve)
  },
}
