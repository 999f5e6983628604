import { render } from "preact";

const root = document.getElementById("root");
if (root) render(<h1>Metricis</h1>, root);
