function "top-students" {
  input {
    json students
    int limit?=2
  }

  stack {
    var $graded { value = [] }
    foreach ($input.students) {
      each as $student {
        var $marks { value = $student.marks ?? [] }
        conditional {
          if (($marks|count) == 0) {
            continue
          }
        }
        var $average { value = ($marks|sum) / ($marks|count) }
        var $grade { value = $average >= 90 ? "A" : $average >= 75 ? "B" : "C" }
        array.push $graded {
          value = {name: $student.name|to_upper, average: $average|round:1, grade: $grade}
        }
      }
    }

    var $ranked { value = $graded|sort:"average":"decimal":false }
    array.partition ($ranked) if ($this.grade == "A") as $split
  }

  response = {
    top   : $ranked|slice:0:$input.limit
    honors: $split.true|map:$$.name
    others: $split.false|count
  }
}
