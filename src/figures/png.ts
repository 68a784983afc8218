/** SVG to PNG by resvg, with the font that comes with tg: resvg draws no text at all, and says nothing, where it finds none. Node only. */
import { createRequire } from 'node:module';

/** Arimo has Arial's widths: what was laid out for the one fits the other. */
const FONTS = ['400Regular/Arimo_400Regular.ttf', '700Bold/Arimo_700Bold.ttf'];

/** @param scale pixels per unit of the SVG */
export async function toPng(svg: string, scale = 2): Promise<Uint8Array> {
  const { Resvg } = await import('@resvg/resvg-js');
  const { resolve } = createRequire(import.meta.url);
  const image = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: scale },
    font: {
      fontFiles: FONTS.map((name) => resolve(`@expo-google-fonts/arimo/${name}`)),
      loadSystemFonts: false,
      defaultFontFamily: 'Arimo',
      sansSerifFamily: 'Arimo',
    },
  });
  return image.render().asPng();
}
