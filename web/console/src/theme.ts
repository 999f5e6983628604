/** The look: one ink-blue accent, quiet grays, and colors that keep their contrast in light and dark. */
import {
  type CSSVariablesResolver,
  createTheme,
  Drawer,
  DrawerHeader,
  type MantineColorsTuple,
  Menu,
  Modal,
  ModalHeader,
  Notification,
  Select,
} from "@mantine/core";

const ink: MantineColorsTuple = [
  "#ecf4fb",
  "#d6e5f2",
  "#aac9e4",
  "#7bacd7",
  "#5a97cc",
  "#3f80b8",
  "#2f6da3",
  "#235a8a",
  "#1a4a75",
  "#0f375c",
];

export const theme = createTheme({
  colors: { ink },
  primaryColor: "ink",
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  defaultRadius: "sm",
  cursorType: "pointer",
  fontFamily: 'Inter, "Segoe UI", system-ui, -apple-system, Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace',
  components: {
    // A dialog's heading is no banner of the page, and its cross has a name.
    ModalHeader: ModalHeader.extend({ defaultProps: { role: "none" } }),
    DrawerHeader: DrawerHeader.extend({ defaultProps: { role: "none" } }),
    // A menu stays in its landmark, holds nothing but its items, and is walked by Tab as well as by arrows.
    Menu: Menu.extend({
      defaultProps: { withInitialFocusPlaceholder: false, withinPortal: false, menuItemTabIndex: 0 },
    }),
    Select: Select.extend({ defaultProps: { comboboxProps: { withinPortal: false } } }),
    Notification: Notification.extend({
      styles: { description: { color: "var(--mantine-color-text)" } },
      defaultProps: { closeButtonProps: { "aria-label": "Close this message" } },
    }),
    Modal: Modal.extend({
      styles: { title: { fontWeight: 650 } },
      defaultProps: { closeButtonProps: { "aria-label": "Close" } },
    }),
    Drawer: Drawer.extend({
      styles: { title: { fontWeight: 650 } },
      defaultProps: { closeButtonProps: { "aria-label": "Close" } },
    }),
  },
  headings: {
    fontWeight: "650",
    sizes: {
      h1: { fontSize: "1.5rem", lineHeight: "1.3" },
      h2: { fontSize: "1.0625rem", lineHeight: "1.4" },
      h3: { fontSize: "0.9375rem", lineHeight: "1.4" },
    },
  },
});

/** Secondary text and placeholders stay readable (at least 4.5 to 1). */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#fbfcfd",
    "--mantine-color-dimmed": "#55606b",
    "--mantine-color-placeholder": "#6b7480",
    "--mantine-color-error": "#b3261e",
    "--mantine-color-anchor": "#1f5686",
  },
  dark: {
    "--mantine-color-body": "#15191e",
    "--mantine-color-dimmed": "#a8b1bb",
    "--mantine-color-placeholder": "#929ba6",
    "--mantine-color-error": "#ff9c95",
    "--mantine-color-anchor": "#8fc1ee",
    "--mantine-color-default": "#1e242b",
    "--mantine-color-default-hover": "#262d35",
    "--mantine-color-default-border": "#3a434d",
  },
});
