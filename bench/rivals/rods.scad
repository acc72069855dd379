// D1 as OpenSCAD has it: 352 rods of eight sides, united. Millimetres times 1000.
layers = 32; n = 11; pitch = 40; d = 10; h = 8;
for (k = [0 : layers - 1], i = [0 : n - 1])
  translate(k % 2 == 0 ? [0, i * pitch, d / 2 + k * h] : [i * pitch, 0, d / 2 + k * h])
    rotate(k % 2 == 0 ? [0, 90, 0] : [-90, 0, 0])
      cylinder(h = (n - 1) * pitch, d = d, $fn = 8);
