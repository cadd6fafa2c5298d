// Paints the area of one colour around a point of an image
function "flood-fill" {
  input {
    json image
    int row
    int column
    int color
  }

  stack {
    var $image { value = $input.image }
    var $old { value = $image[$input.row][$input.column] }

    conditional {
      if ($old == null || $old == $input.color) {
        return { value = $image }
      }
    }

    var $todo { value = [{r: $input.row, c: $input.column}] }
    while (($todo|count) > 0) {
      each {
        array.pop $todo as $at
        conditional {
          if ($at.r < 0 || $at.c < 0) {
            continue
          }
          elseif ($image[$at.r][$at.c] !== $old) {
            continue
          }
        }

        var.update $image[$at.r][$at.c] { value = $input.color }

        foreach ([[0, 1], [0, -1], [1, 0], [-1, 0]]) {
          each as $step {
            array.push $todo { value = {r: $at.r + $step[0], c: $at.c + $step[1]} }
          }
        }
      }
    }
  }

  response = {image: $image, original: $input.image}
}
