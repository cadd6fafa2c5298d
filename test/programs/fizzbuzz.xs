function "fizzbuzz" {
  input {
    int n
  }

  stack {
    var $lines { value = [] }
    foreach ((1..$input.n)) {
      each as $i {
        switch (true) {
          case ($i % 15 == 0) {
            array.push $lines { value = "FizzBuzz" }
          } break
          case ($i % 3 == 0) {
            array.push $lines { value = "Fizz" }
          } break
          case ($i % 5 == 0) {
            array.push $lines { value = "Buzz" }
          } break
          default {
            array.push $lines { value = $i|to_text }
          }
        }
      }
    }
  }

  response = $lines|join:","
}
