// The default theme of VitePress without its fonts, in this site's colors and with its elements.

import { type Theme, withBase } from "vitepress";
import DefaultTheme from "vitepress/theme-without-fonts";
import { defineComponent, h, onMounted } from "vue";
import "./colours.css";
import "./pages.css";
import "./elements.css";

const Layout = defineComponent({
  setup() {
    onMounted(() => {
      document.dispatchEvent(new Event("started"));
      // Loaded even on a page without such elements, because pages that it links to may have some.
      void import(/* @vite-ignore */ withBase("/lib/elements.js"));
    });
    return () => h(DefaultTheme.Layout);
  },
});

export default { extends: DefaultTheme, Layout } satisfies Theme;
